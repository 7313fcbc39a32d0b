// What `sync` and `status` say of open alerts to those who have no receiver.
#include "tests/acceptance/alerts_fixture.hpp"

namespace affsync::test::open_alerts_test {
namespace {

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

constexpr char const* one_is_open = "1 alert is open: `affsync alerts` lists it.\n";

class OpenAlerts : public AlertAcceptance {
 protected:
  // No rate of the currency is known, which the rule `rates_missing` tells.
  void serve_money_without_a_rate() {
    serve_rows({R"({"id":"1","client":"7","amount":"1.50","currency":"XQZ","day":")" +
                query("select current_date::text") + R"("})"});
    configure();
  }
};

TEST_F(OpenAlerts, are_told_at_the_end_of_sync_and_status) {
  EXPECT_FALSE(has(affsync({"sync"}).out, "open:"));
  EXPECT_FALSE(has(affsync({"status"}).out, "open:"));
  serve_money_without_a_rate();
  auto const synced = affsync({"sync"});
  EXPECT_EQ(synced.status, 0) << synced.err;
  EXPECT_TRUE(synced.out.ends_with(one_is_open)) << synced.out;
  auto const status = affsync({"status"});
  EXPECT_TRUE(status.out.ends_with(one_is_open)) << status.out;
  EXPECT_TRUE(parse_json(affsync({"sync", "--output", "json"}).out));
  EXPECT_TRUE(parse_json(affsync({"status", "--output", "json"}).out));
}

TEST_F(OpenAlerts, make_a_quiet_sync_speak_unless_somebody_is_told_or_they_are_muted) {
  EXPECT_EQ(affsync({"sync", "-q"}).out, "");
  serve_money_without_a_rate();
  auto const quiet = affsync({"sync", "-q"});
  EXPECT_EQ(quiet.status, 0) << quiet.err;
  EXPECT_EQ(quiet.out, one_is_open);
  HookServer const hook;
  auto const without = top_yaml;
  tell({webhook("ops", hook)});
  EXPECT_EQ(affsync({"sync", "-q"}).out, "");
  top_yaml = without;
  configure();
  ASSERT_EQ(affsync({"alerts", "mute", "rates_missing"}).status, 0);
  EXPECT_EQ(affsync({"sync", "-q"}).out, "");
  EXPECT_TRUE(affsync({"sync"}).out.ends_with(one_is_open));
}

}  // namespace
}  // namespace affsync::test::open_alerts_test
