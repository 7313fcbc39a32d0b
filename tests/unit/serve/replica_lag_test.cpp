// What the pages say of a replica that lags behind.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "daemon/serve/attention.hpp"
#include "daemon/serve/page_state.hpp"
#include "daemon/serve/replica_age.hpp"

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

using Streams = std::vector<schema::StreamHealth>;

std::optional<Duration> told(Streams const& primary, Streams const& replica) {
  return worth_telling(ReplicaAge().look(primary, replica, now));
}

TEST(ReplicaLag, IsTheAgeOfTheOldestSuccessThatItLacks) {
  EXPECT_EQ(told({stream("a", minutes(3)), stream("b", minutes(7))},
                 {stream("a", minutes(20)), stream("b", minutes(22))}),
            minutes(7));
  EXPECT_EQ(told({stream("a", minutes(3))}, {stream("a", std::nullopt)}), minutes(3));
  EXPECT_EQ(told({stream("a", minutes(3))}, {}), minutes(3));
}

TEST(ReplicaLag, OfAQuietDatabaseIsNone) {
  EXPECT_EQ(told({stream("a", minutes(300))}, {stream("a", minutes(300))}), std::nullopt);
  EXPECT_EQ(told({stream("a", std::nullopt)}, {stream("a", std::nullopt)}), std::nullopt);
  EXPECT_EQ(told({stream("a", seconds(59))}, {stream("a", minutes(15))}), std::nullopt);
}

// Each further success is younger than the one that the replica has lacked all along.
TEST(ReplicaLag, OfAReplicaThatStandsStillGrows) {
  ReplicaAge age;
  Streams const replica{stream("a", minutes(60)), stream("b", minutes(60))};
  EXPECT_EQ(age.look({stream("a", minutes(50)), stream("b", minutes(60))}, replica, now),
            minutes(50));
  EXPECT_EQ(age.look({stream("a", minutes(5)), stream("b", minutes(4))}, replica, now),
            minutes(50));
  // It goes on, and lacks the last one still.
  EXPECT_EQ(age.look({stream("a", minutes(5)), stream("b", minutes(4))},
                     {stream("a", minutes(20)), stream("b", minutes(4))}, now),
            minutes(5));
  EXPECT_EQ(age.look({stream("a", minutes(5))}, {stream("a", minutes(5))}, now), minutes(0));
  EXPECT_EQ(age.look({stream("a", minutes(1))}, {stream("a", minutes(5))}, now), minutes(1));
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
