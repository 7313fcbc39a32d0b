// Which comparisons with the broker's totals count now, and since when a difference exists.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::reconciliations_test {
namespace {

class Reconciliations : public StoreTest {
 protected:
  Reconciliations() { end(begin("rewards")); }

  // `days` are days of March 2026; nullopt: the whole stream.
  void compare(std::string const& metric, std::optional<std::pair<int, int>> days, int broker,
               int ours, std::string const& at) {
    auto const day = [](int number) { return "'2026-03-" + std::to_string(number) + "'"; };
    sql(url,
        "INSERT INTO affsync.reconciliation (source_id, run_id, stream, metric, window_from,"
        " window_to, broker_value, our_value, difference, matched, compared_at)"
        " VALUES (" +
            std::to_string(source) + ", 1, 'rewards', '" + metric + "', " +
            (days ? day(days->first) + ", " + day(days->second) : "NULL, NULL") + ", " +
            std::to_string(broker) + ", " + std::to_string(ours) + ", " +
            std::to_string(ours - broker) + ", " + (ours == broker ? "true" : "false") + ", '" +
            at + "')");
  }
  std::string standing() {
    return value(
        "SELECT coalesce(string_agg(metric || ' ' || coalesce(to_char(window_from, 'DD') || '-' ||"
        " to_char(window_to, 'DD'), 'all') || ' ' || difference || ' ' ||"
        " coalesce(to_char(differs_since AT TIME ZONE 'UTC', 'HH24:MI'), 'agrees'), ', '"
        " ORDER BY metric, window_from), '') FROM reporting.reconciliations");
  }
};

TEST_F(Reconciliations, TheLatestOfEachTotalCountsAndADifferenceStandsSinceItWasMetFirst) {
  compare("rows", {}, 10, 9, "2026-03-01 08:00Z");
  compare("rows", {}, 10, 10, "2026-03-01 09:00Z");
  compare("rows", {}, 10, 8, "2026-03-01 10:00Z");
  compare("rows", {}, 11, 8, "2026-03-01 11:00Z");
  compare("amount", {}, 5, 5, "2026-03-01 11:00Z");
  EXPECT_EQ(standing(), "amount all 0 agrees, rows all -3 10:00");
}

TEST_F(Reconciliations, AWindowCountsUntilLaterOnesHaveCoveredItsDays) {
  using Days = std::pair<int, int>;
  compare("rows", Days{11, 17}, 10, 9, "2026-03-17 08:00Z");
  compare("rows", Days{12, 18}, 10, 10, "2026-03-18 08:00Z");
  // The difference may be on the 11th, which the later window does not cover.
  EXPECT_EQ(standing(), "rows 11-17 -1 08:00, rows 12-18 0 agrees");
  compare("rows", Days{10, 11}, 3, 3, "2026-03-18 09:00Z");
  EXPECT_EQ(standing(), "rows 10-11 0 agrees, rows 12-18 0 agrees");
  // A comparison of another metric covers nothing.
  compare("amount", Days{12, 18}, 5, 4, "2026-03-18 10:00Z");
  compare("rows", Days{12, 18}, 10, 10, "2026-03-18 10:00Z");
  EXPECT_EQ(standing(), "amount 12-18 -1 10:00, rows 10-11 0 agrees, rows 12-18 0 agrees");
}

TEST_F(Reconciliations, HealthCountsThemAndTellsTheOldestDifferences) {
  compare("rows", {}, 10, 10, "2026-03-01 08:00Z");
  compare("amount", {}, 7, 5, "2026-03-01 09:00Z");
  auto const health = loop.run(store->health());
  ASSERT_EQ(health.size(), 1U);
  EXPECT_EQ(health[0].compared, 2);
  EXPECT_EQ(health[0].unreconciled, 1);
  ASSERT_EQ(health[0].differences.size(), 1U);
  auto const& difference = health[0].differences[0];
  EXPECT_EQ(difference.metric, "amount");
  EXPECT_EQ(difference.broker_value, "7");
  EXPECT_EQ(difference.our_value, "5");
  EXPECT_EQ(difference.difference, "-2");
  EXPECT_FALSE(difference.from);
  ASSERT_TRUE(difference.since);
  EXPECT_EQ(format_time(*difference.since), "2026-03-01T09:00:00Z");
}

}  // namespace
}  // namespace affsync::schema::test::reconciliations_test
