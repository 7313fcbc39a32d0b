// Which configuration changes a reload reports because only a restart applies them.
#include "daemon/restart_needs.hpp"

#include <gtest/gtest.h>

namespace affsync::restart_needs_test {
namespace {

using Names = std::vector<std::string>;

TEST(RestartNeeds, NothingWhereOnlySourcesAndTheLevelOfTheLogChange) {
  config::Config const used;
  auto fresh = used;
  fresh.log.level = LogLevel::debug;
  fresh.sources.emplace_back();
  EXPECT_EQ(keep_what_needs_a_restart(fresh, used), Names());
  EXPECT_EQ(fresh.log.level, LogLevel::debug);
  EXPECT_EQ(fresh.sources.size(), 1U);
}

TEST(RestartNeeds, TellsOfEachAndKeepsWhatIsInUse) {
  config::Config const used;
  auto fresh = used;
  fresh.database.url = "postgresql:///other";
  fresh.database.connections = 9;
  fresh.database.state_dir = "/elsewhere";
  fresh.http.listen = "127.0.0.1:1";
  fresh.http.hosts = {"a.example"};
  fresh.http.token = Secret("another token of some length");
  fresh.http.metrics_open = true;
  fresh.http.tls = config::HttpTls{"a.pem", "b.pem"};
  fresh.log.format = config::LogFormat::json;
  Names const all{"database.url", "database.connections", "database.state_dir", "http.listen",
                  "http.hosts",   "http.token",           "http.metrics_open",  "http.tls",
                  "log.format"};
  EXPECT_EQ(keep_what_needs_a_restart(fresh, used), all);
  EXPECT_EQ(fresh.database.url, used.database.url);
  EXPECT_EQ(fresh.http.listen, used.http.listen);
  // After changing it back there is no difference any more.
  EXPECT_EQ(keep_what_needs_a_restart(fresh, used), Names());
}

TEST(RestartNeeds, AnotherTokenInPlaceOfOneNeedsNone) {
  config::Config used;
  used.http.token = Secret("a token of some length");
  auto fresh = used;
  fresh.http.token = Secret("another token of some length");
  EXPECT_EQ(keep_what_needs_a_restart(fresh, used), Names());
  EXPECT_EQ(fresh.http.token.reveal(), "another token of some length");
  fresh.http.token = Secret();
  EXPECT_EQ(keep_what_needs_a_restart(fresh, used), Names{"http.token"});
  EXPECT_EQ(fresh.http.token.reveal(), "a token of some length");
}

TEST(RestartNeeds, AServerThatIsSwitchedOffIsOne) {
  config::Config const used;
  auto fresh = used;
  fresh.http.enabled = false;
  EXPECT_EQ(keep_what_needs_a_restart(fresh, used), Names{"http.listen"});
}

}  // namespace
}  // namespace affsync::restart_needs_test
