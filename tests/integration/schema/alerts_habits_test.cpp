// Rules about habits: silence, unknown words, and the shape of rows.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_habits_test {
namespace {

using std::chrono::days;
using std::chrono::hours;

class AlertsOfHabits : public AlertsTest {
 protected:
  AlertsOfHabits() { feed("rewards", "commission"); }

  // Commission on these days, each of which was read on its day.
  void earned(std::string const& condition) {
    run_sql(
        "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash,"
        " first_seen_at, changed_at, revision, run_id, amount, currency, grain, occurred_on,"
        " raw) SELECT " +
        std::to_string(source) +
        ", 'rewards', d::text, md5(d::text)::uuid, d + interval '20 hours',"
        " d + interval '20 hours', 1, 1, 5, 'USD', 'day', d, '{}'"
        " FROM generate_series('2025-12-01'::timestamp, '2026-02-28', interval '1 day') d"
        " WHERE " +
        condition);
  }
  // At noon of a day, while the stream is read well.
  std::string silence_on(char const* day) {
    now = TimePoint(*parse_day(day)) + hours(12);
    state("rewards", "last_success_at = " + at(hours(1)));
    judge();
    return open("silence");
  }

  // Rows of a page, each with these members.
  void page_of(std::string const& first_key, std::vector<std::string> const& members) {
    std::vector<TestRow> page;
    for (std::size_t i = 0; i < members.size(); ++i) {
      auto row = commission(first_key + "-" + std::to_string(i), "C1", "1", "2026-02-20");
      row.raw = "{\"id\": " + std::to_string(i) + members[i] + "}";
      page.push_back(row);
    }
    store_rows("rewards", "commission", page);
  }
  void pages(std::string const& name, int count, std::string const& member) {
    for (int i = 0; i < count; ++i) {
      page_of(name + std::to_string(i), std::vector<std::string>(10, member));
    }
  }
};

constexpr auto weekdays = "extract(isodow FROM d) < 6";

TEST_F(AlertsOfHabits, SilenceTellsWhenItIsLongerThanTheSourcesHabit) {
  // The last day is Friday, 20 February. Its usual gap is a weekend: 3 days, and half as much more
  // is 5.
  earned(std::string(weekdays) + " AND d <= '2026-02-20'");
  EXPECT_EQ(silence_on("2026-02-25"), "");
  EXPECT_EQ(silence_on("2026-02-26"), "No new commission from broker-1 for 6 days");
  EXPECT_EQ(text_of_open("silence"),
            "The last was for 20 Feb 2026. Usually it has commission at least every 3 days. It is"
            " read without errors.");
}

TEST_F(AlertsOfHabits, SilenceThatLastsForMonthsIsNotOver) {
  earned(std::string(weekdays) + " AND d <= '2026-02-20'");
  EXPECT_EQ(silence_on("2026-03-20"), "No new commission from broker-1 for 28 days");
  EXPECT_EQ(silence_on("2026-08-20"), "No new commission from broker-1 for 181 days");
}

// The broker's answers say that the clock is wrong: by it nothing is told, and nothing is over.
TEST_F(AlertsOfHabits, AWrongClockMakesNoSilence) {
  earned(std::string(weekdays) + " AND d <= '2026-02-20'");
  state("rewards", "clock_skew_seconds = 1728000");
  EXPECT_EQ(silence_on("2026-03-12"), "");
  state("rewards", "clock_skew_seconds = 2");
  EXPECT_EQ(silence_on("2026-02-26"), "No new commission from broker-1 for 6 days");
  state("rewards", "clock_skew_seconds = -864000");
  EXPECT_EQ(silence_on("2026-02-16"), "No new commission from broker-1 for 6 days");
}

TEST_F(AlertsOfHabits, SilenceIsQuietOnAWeekendAndAHoliday) {
  earned(std::string(weekdays) + " AND d <= '2026-02-27'");
  EXPECT_EQ(silence_on("2026-03-01"), "");  // Sunday
  EXPECT_EQ(silence_on("2026-03-02"), "");  // Monday, before anything has come
  EXPECT_EQ(silence_on("2026-03-03"), "");  // Tuesday after a holiday
}

TEST_F(AlertsOfHabits, SilenceOfASourceThatEarnsDailyIsNoticedSooner) {
  earned("d <= '2026-02-20'");
  EXPECT_EQ(silence_on("2026-02-23"), "");
  EXPECT_EQ(silence_on("2026-02-24"), "No new commission from broker-1 for 4 days");
}

TEST_F(AlertsOfHabits, SilenceKnowsASourceThatEarnsOnceAWeek) {
  earned("extract(isodow FROM d) = 5 AND d <= '2026-02-13'");
  EXPECT_EQ(silence_on("2026-02-24"), "");  // 11 days: 7 and half as much again
  EXPECT_EQ(silence_on("2026-02-25"), "No new commission from broker-1 for 12 days");
}

TEST_F(AlertsOfHabits, SilenceIsQuietAboutNewSourcesFirstLoadsAndWhatIsNotRead) {
  // Only nine gaps are known.
  earned("d BETWEEN '2026-02-01' AND '2026-02-10'");
  EXPECT_EQ(silence_on("2026-02-27"), "");
  // Much history, but it came only now.
  earned("d < '2026-02-01'");
  run_sql("UPDATE affsync.commission SET first_seen_at = '2026-02-26 12:00Z'");
  EXPECT_EQ(silence_on("2026-02-27"), "");
  // It cannot be read: that is told by other rules.
  run_sql("UPDATE affsync.commission SET first_seen_at = '2026-02-10 12:00Z'");
  state("rewards", "last_success_at = " + at(days(5)));
  pass(hours(1));
  judge();
  EXPECT_EQ(open("silence"), "");
  EXPECT_NE(silence_on("2026-02-27"), "");
}

TEST_F(AlertsOfHabits, SilenceIsNotOverWhileNothingIsReadNorAfterAYear) {
  earned(std::string(weekdays) + " AND d <= '2026-02-20'");
  EXPECT_NE(silence_on("2026-02-26"), "");
  told();
  pass(days(3));
  judge();
  EXPECT_NE(open("silence"), "");
  EXPECT_NE(silence_on("2027-01-20"), "");
  EXPECT_NE(silence_on("2027-06-20"), "");
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsOfHabits, UnknownWordTellsTheWord) {
  auto row = commission("1", "C1", "5", "2026-02-20", "USD", "unknown");
  row.values.emplace_back("broker_status", "chargeback");
  store_rows("rewards", "commission", {row});
  judge();
  EXPECT_EQ(open("unknown_word"), "broker-1 has a new word for a state: \"chargeback\"");
  EXPECT_EQ(text_of_open("unknown_word"),
            "1 row of rewards has it. What it means is not known to the connector, so the state is"
            " \"unknown\".");
  // The connector learns it.
  row.values[3].second = "reversed";
  store_rows("rewards", "commission", {row});
  judge();
  EXPECT_EQ(open("unknown_word"), "");
}

TEST_F(AlertsOfHabits, UnknownWordIsQuietAboutKnownOnes) {
  auto row = commission("1", "C1", "5", "2026-02-20", "USD", "pending");
  row.values.emplace_back("broker_status", "on hold");
  store_rows("rewards", "commission", {row, commission("2", "C1", "5", "2026-02-20")});
  judge();
  EXPECT_EQ(open("unknown_word"), "");
}

TEST_F(AlertsOfHabits, ShapeChangedTellsOfFieldsThatAreNewGoneOrOfAnotherType) {
  pages("a", 4, R"(, "amount": 1, "state": "ok", "info": {"lots": 2})");
  pass(days(2));
  pages("b", 4, R"(, "amount": 1, "state": "ok", "info": {"lots": 2})");
  judge();
  EXPECT_EQ(open("shape_changed"), "");
  pass(hours(1));
  pages("c", 3, R"(, "amount": "1", "status": "ok", "info": {"lots": 2, "side": "buy"})");
  judge();
  EXPECT_EQ(value("SELECT string_agg(title, E'\\n' ORDER BY title) FROM affsync.alert"),
            "broker-1/rewards: new field info.side\n"
            "broker-1/rewards: new field status\n"
            "broker-1/rewards: no more field state\n"
            "broker-1/rewards: other type of field amount");
  EXPECT_EQ(value("SELECT text FROM affsync.alert WHERE title LIKE '%other type%'"),
            "It was number, and has been string since 3 Mar 01:00 UTC.");
  // One event, one message.
  EXPECT_EQ(told(), "broker-1: 4 changes of its fields\n");
}

TEST_F(AlertsOfHabits, ShapeChangedIsQuietAboutOptionalFieldsAndAFirstLoad) {
  // Rows of a first load are of all times, and have not all the same fields.
  pages("a", 4, R"(, "amount": 1, "old": 1)");
  pages("b", 4, R"(, "amount": 1, "newer": 1)");
  judge();
  EXPECT_EQ(open("shape_changed"), "");
  // A field that some rows have, and a value that is missing for a while.
  pass(days(2));
  for (int i = 0; i < 8; ++i) {
    std::vector<std::string> members(10, R"(, "amount": null, "newer": 1)");
    members[0] = members[5] = R"(, "amount": 1, "newer": 1, "coupon": "X")";
    page_of("c" + std::to_string(i), members);
  }
  judge();
  EXPECT_EQ(open("shape_changed"), "");
}

TEST_F(AlertsOfHabits, NoValueIsTakenForANameOfAField) {
  page_of("a", {R"(, "ada@mail.example": 1, "4711": {"x": 1}, "by": {"ada@mail.example": 2,)"
                R"( "4712": 3}, "zz": {"ok": 1})"});
  EXPECT_EQ(value("SELECT string_agg(field, ' ' ORDER BY field) FROM affsync.field_seen"),
            "by id zz zz.ok");
}

TEST_F(AlertsOfHabits, RowsThatHaveNotChangedAreNotLookedAt) {
  pages("a", 1, R"(, "amount": 1)");
  EXPECT_EQ(value("SELECT rows FROM affsync.field_sample"), "10");
  pages("a", 1, R"(, "amount": 1)");
  EXPECT_EQ(value("SELECT rows FROM affsync.field_sample"), "10");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_habits_test
