// What the pages say of a replica that lags behind.
#include <gtest/gtest.h>

#include "daemon/serve/attention.hpp"
#include "daemon/serve/page_state.hpp"

namespace affsync::serve::replica_lag_test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TimePoint const now{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};

schema::StreamHealth stream(std::string name, std::optional<Duration> success_ago) {
  schema::StreamHealth health;
  health.source = "main";
  health.stream = std::move(name);
  if (success_ago) health.last_success_at = now - *success_ago;
  return health;
}

TEST(ReplicaLag, IsTheAgeOfTheOldestSuccessThatItLacks) {
  EXPECT_EQ(replica_lag({stream("a", minutes(3)), stream("b", minutes(7))},
                        {stream("a", minutes(20)), stream("b", minutes(22))}, now),
            minutes(7));
  EXPECT_EQ(replica_lag({stream("a", minutes(3))}, {stream("a", std::nullopt)}, now), minutes(3));
  EXPECT_EQ(replica_lag({stream("a", minutes(3))}, {}, now), minutes(3));
}

TEST(ReplicaLag, OfAQuietDatabaseIsNone) {
  EXPECT_EQ(replica_lag({stream("a", minutes(300))}, {stream("a", minutes(300))}, now),
            std::nullopt);
  EXPECT_EQ(replica_lag({stream("a", std::nullopt)}, {stream("a", std::nullopt)}, now),
            std::nullopt);
  EXPECT_EQ(replica_lag({stream("a", seconds(59))}, {stream("a", minutes(15))}, now), std::nullopt);
}

TEST(ReplicaLag, IsAWarningOnThePage) {
  PageState state;
  state.now = now;
  EXPECT_TRUE(concerns(state, {}, {}).empty());
  state.replica_behind = minutes(7);
  auto const found = concerns(state, {}, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].bad);
  EXPECT_EQ(found[0].title, "The figures are 7 minutes old");
}

}  // namespace
}  // namespace affsync::serve::replica_lag_test
