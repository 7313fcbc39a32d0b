// Rows without an id whose window is replaced: a row that changes vanishes, and another one comes.
// Only what is less than before was taken back.
#include "schema/store/alerts/alerts.hpp"
#include "tests/integration/schema/alerts_fixture.hpp"
#include "tests/support/change_replay.hpp"

namespace affsync::schema::test::came_instead_test {
namespace {

using std::chrono::hours;

// A row as its key, which the content makes: "C1 9", "C1 9 rejected", "C1 9 approved EUR".
struct Sum {
  std::string client, amount, status = "approved", currency = "USD", kind = "cpa";
  std::string key() const {
    return client + ' ' + amount + ' ' + status + ' ' + currency + ' ' + kind;
  }
};

class CameInstead : public AlertsTest {
 protected:
  CameInstead() { feed("sums", "commission"); }

  // Reads the sums of a day as a run of its own, an hour after the one before.
  void read(std::vector<Sum> const& sums, std::string const& day = "2026-02-28") {
    auto const run = begin_reading();
    put(run, sums, day);
    EXPECT_EQ(close(run, sums, day).would_replace, 0);
    finish(run);
  }
  RunKey begin_reading() {
    pass(hours(1));
    return begin("sums", "incremental");
  }
  void put(RunKey const& run, std::vector<Sum> const& sums, std::string const& day) {
    std::vector<TestRow> rows;
    for (auto const& sum : sums) {
      rows.push_back({sum.key() + ' ' + day,
                      {{"client_ref", sum.client},
                       {"amount", sum.amount},
                       {"status", sum.status},
                       {"currency", sum.currency},
                       {"kind", sum.kind},
                       {"occurred_on", day}}});
    }
    write(run, "commission", rows);
  }
  SliceClosed close(RunKey const& run, std::vector<Sum> const& sums, std::string const& day,
                    bool in_doubt = false) {
    std::vector<std::string> keys;
    for (auto const& sum : sums) keys.push_back(sum.key() + ' ' + day);
    auto end = slice(run, "commission", keys);
    end.from = end.to = parse_day(day);
    end.scope_column = "occurred_on";
    end.seen_within = end.covers_days = end.replaces = true;
    end.by_content = by_content;
    end.in_doubt = in_doubt;
    end.mark_vanished = !in_doubt;
    end.proof = CountProof::nothing;
    end.mass_drop_limit = 1;
    return loop.run(store->close_slice(std::move(end)));
  }
  void finish(RunKey const& run, bool success = true) {
    PassClose close;
    close.run = run;
    close.table = find_record_table("commission");
    close.whole = success;
    close.replaces = true;
    close.mass_drop_limit = 1;
    close.now = now;
    loop.run(store->close_pass(std::move(close)));
    end(run, success);
  }
  // One a line: "lowered C1 USD 9 7 -2".
  std::string taken() {
    return value(
        "SELECT coalesce(string_agg(concat_ws(' ', reason, client_ref, currency, "
        "trim_scale(before),"
        " trim_scale(after), trim_scale(difference)), E'\\n' ORDER BY changed_at, client_ref,"
        " before), '') FROM reporting.clawbacks");
  }
  // One a line: "C1 USD 9 7 -2".
  std::string changes() {
    return value(
        "SELECT coalesce(string_agg(concat_ws(' ', client_ref, currency,"
        " coalesce(trim_scale(before)::text, 'none'), coalesce(trim_scale(after)::text, 'none'),"
        " trim_scale(difference)), E'\\n' ORDER BY changed_at, client_ref, before, currency), '')"
        " FROM reporting.retroactive_changes");
  }
  std::string alerts() {
    judge();
    return value(
        "SELECT coalesce(string_agg(title, E'\\n' ORDER BY title), '') FROM affsync.alert"
        " WHERE rule IN ('commission_lowered', 'commission_vanished') AND closed_at IS NULL");
  }
  std::string text_of_alert() {
    return value("SELECT string_agg(text, E'\\n') FROM affsync.alert");
  }
  // The history of each row leads to what is stored.
  void expect_whole_history() {
    std::string all = affsync::test::change_replay_sql;
    EXPECT_EQ(sql(url, all).size(), 0U);
  }

  bool by_content = true;
};

// A row that stands in the place of another is not that of a second one under another number as
// well.
TEST_F(CameInstead, OfTwoEqualRowsOneVanishesWhileTheOtherChanges) {
  read({{"C1", "100", "pending"}, {"C1", "100", "approved"}});
  read({{"C1", "100", "paid"}});
  EXPECT_EQ(taken(), "vanished C1 USD 100 0 -100");
  EXPECT_EQ(alerts(), "broker-1 no longer lists 100.00 USD");
}

// The pass that read it left the day in doubt, so that the next one compares it.
TEST_F(CameInstead, ARowThatCameInDoubtTakesThePlaceOfOneOnly) {
  read({{"C1", "100", "pending"}, {"C1", "100", "approved"}});
  auto const run = begin_reading();
  put(run, {{"C1", "100", "paid"}}, "2026-02-28");
  close(run, {{"C1", "100", "paid"}}, "2026-02-28", true);
  finish(run, false);
  read({{"C1", "100", "paid"}});
  EXPECT_EQ(taken(), "vanished C1 USD 100 0 -100");
  EXPECT_EQ(alerts(), "broker-1 no longer lists 100.00 USD");
}

TEST_F(CameInstead, WhatLowersASumTakesThePlaceOfNothingElse) {
  read({{"C1", "100"}, {"C1", "60"}, {"C1", "50", "approved", "USD", "revshare"}});
  read({{"C1", "50"}});
  EXPECT_EQ(alerts(), "broker-1 no longer lists 50.00 USD\nbroker-1 took back 110.00 USD");
}

TEST_F(CameInstead, AnEqualRowOfAnotherKindIsTheSameCommission) {
  read({{"C1", "100"}, {"C1", "50", "approved", "USD", "revshare"}});
  read({{"C1", "100", "paid"}, {"C1", "50", "paid"}});
  EXPECT_EQ(taken(), "vanished C1 USD 50 0 -50");
  EXPECT_EQ(alerts(), "");
}

TEST_F(CameInstead, ASumThatRisesIsNotTakenBack) {
  read({{"C1", "5"}});
  read({{"C1", "9"}});
  read({{"C1", "12"}});
  EXPECT_EQ(taken(), "");
  EXPECT_EQ(changes(), "C1 USD 5 9 4\nC1 USD 9 12 3");
  EXPECT_EQ(alerts(), "");
  EXPECT_EQ(value("SELECT sum(amount) FROM reporting.earnings_daily"), "12");
  expect_whole_history();
}

TEST_F(CameInstead, ASumThatFallsIsTakenBackOnce) {
  read({{"C1", "9"}, {"C2", "4"}});
  read({{"C1", "7"}, {"C2", "4"}});
  EXPECT_EQ(taken(), "lowered C1 USD 9 7 -2");
  EXPECT_EQ(changes(), "C1 USD 9 7 -2");
  EXPECT_EQ(alerts(), "broker-1 took back 2.00 USD");
  EXPECT_EQ(text_of_alert(),
            "1 lowered; client C1; for 28 Feb 2026. It was 9.00 USD since 1 Mar 01:00 UTC, now it"
            " is 7.00 USD.");
  // And what is given back is no longer open.
  read({{"C1", "10"}, {"C2", "4"}});
  EXPECT_EQ(alerts(), "");
  EXPECT_EQ(changes(), "C1 USD 9 7 -2\nC1 USD 7 10 3");
  expect_whole_history();
}

TEST_F(CameInstead, StepsOfOneDayAreOneLoss) {
  read({{"C1", "9"}});
  read({{"C1", "7"}});
  read({{"C1", "4"}});
  EXPECT_EQ(alerts(), "broker-1 took back 5.00 USD");
  EXPECT_EQ(text_of_alert(),
            "1 lowered; client C1; for 28 Feb 2026. It was 9.00 USD since 1 Mar 01:00 UTC, now it"
            " is 4.00 USD.");
}

TEST_F(CameInstead, WhatIsGoneWithoutAnythingInItsPlaceHasVanished) {
  read({{"C1", "9"}, {"C2", "4"}});
  read({{"C2", "6"}});
  EXPECT_EQ(taken(), "vanished C1 USD 9 0 -9");
  EXPECT_EQ(changes(), "C1 USD 9 none -9\nC2 USD 4 6 2");
  EXPECT_EQ(alerts(), "broker-1 no longer lists 9.00 USD");
}

// Nobody can tell a row that moved from a loss and a gain that have nothing to do with each other.
TEST_F(CameInstead, AnotherClientDayCurrencyOrKindIsOtherMoney) {
  read({{"C1", "9"}, {"C4", "1", "approved", "EUR"}, {"C5", "2"}});
  read({{"C3", "7"}}, "2026-02-27");
  read({{"C2", "9"}, {"C4", "1", "approved", "USD"}, {"C5", "2", "approved", "USD", "rebate"}});
  read({{"C3", "8"}}, "2026-02-27");
  EXPECT_EQ(taken(), "vanished C1 USD 9 0 -9\nvanished C4 EUR 1 0 -1\nvanished C5 USD 2 0 -2");
  EXPECT_EQ(changes(), "C1 USD 9 none -9\nC4 EUR 1 none -1\nC5 USD 2 none -2\nC3 USD 7 8 1");
}

TEST_F(CameInstead, WhatCameAsRejectedDoesNotCount) {
  read({{"C1", "9"}, {"C2", "4", "pending"}, {"C3", "5", "rejected"}});
  read({{"C1", "9", "rejected"}, {"C2", "4"}, {"C3", "5"}});
  EXPECT_EQ(taken(), "rejected C1 USD 9 0 -9");
  EXPECT_EQ(changes(), "C1 USD 9 0 -9\nC3 USD 0 5 5");
  EXPECT_EQ(alerts(), "broker-1 took back 9.00 USD");
  EXPECT_EQ(text_of_alert().substr(0, 21), "1 rejected; client C1");
}

TEST_F(CameInstead, ASumThatIsWhatItWasOnceHasNotComeBackBeside) {
  read({{"C1", "5"}});
  read({{"C1", "9"}});
  read({{"C1", "5"}});
  EXPECT_EQ(taken(), "lowered C1 USD 9 5 -4");
  EXPECT_EQ(changes(), "C1 USD 5 9 4\nC1 USD 9 5 -4");
  read({{"C1", "9"}});
  EXPECT_EQ(changes(), "C1 USD 5 9 4\nC1 USD 9 5 -4\nC1 USD 5 9 4");
  EXPECT_EQ(alerts(), "");
  expect_whole_history();
  // Alone, a row that comes back is a change from nothing.
  read({{"C2", "1"}, {"C1", "9"}});
  read({{"C2", "1"}});
  read({{"C2", "1"}, {"C1", "9"}});
  EXPECT_EQ(taken(), "lowered C1 USD 9 5 -4\nvanished C1 USD 9 0 -9");
  EXPECT_EQ(changes(),
            "C1 USD 5 9 4\nC1 USD 9 5 -4\nC1 USD 5 9 4\nC1 USD 9 none -9\nC1 USD none 9 9");
  expect_whole_history();
}

TEST_F(CameInstead, SeveralRowsOfAClientAreComparedBySum) {
  // Two that agree are a pair, so the small one lost 2.
  read({{"C1", "100", "pending"}, {"C1", "3"}});
  read({{"C1", "100"}, {"C1", "1"}});
  EXPECT_EQ(taken(), "lowered C1 USD 3 1 -2");
  // One fell and the other rose by more: the day has not become less.
  read({{"C2", "5"}, {"C2", "9"}}, "2026-02-27");
  read({{"C2", "8"}, {"C2", "7"}}, "2026-02-27");
  EXPECT_EQ(taken(), "lowered C1 USD 3 1 -2");
  // Two became one.
  read({{"C3", "5"}, {"C3", "6"}}, "2026-02-26");
  read({{"C3", "4"}}, "2026-02-26");
  EXPECT_EQ(taken(), "lowered C1 USD 3 1 -2\nlowered C3 USD 5 4 -1\nlowered C3 USD 6 0 -6");
  // One became one, and new ones came: which of them is new money is not known.
  read({{"C4", "5"}}, "2026-02-25");
  read({{"C4", "6"}, {"C4", "7"}}, "2026-02-25");
  EXPECT_EQ(changes(), "C1 USD 3 1 -2\nC2 USD 9 10 1\nC3 USD 5 4 -1\nC3 USD 6 0 -6");
  // Money below nothing.
  read({{"C5", "-3"}}, "2026-02-24");
  read({{"C5", "-5"}}, "2026-02-24");
  EXPECT_EQ(value("SELECT before || ' ' || after FROM reporting.clawbacks"
                  " WHERE client_ref = 'C5'"),
            "-3 -5");
  expect_whole_history();
}

// What counts of a day has become less, although more rows came than went.
TEST_F(CameInstead, ASumThatFallsIsTakenBackWhateverTheNumberOfRows) {
  read({{"C1", "0", "rejected"}});
  read({{"C1", "-1", "rejected"}, {"C1", "-1"}});
  EXPECT_EQ(taken(), "lowered C1 USD 0 -1 -1");
  read({{"C2", "9"}, {"C2", "5", "rejected"}}, "2026-02-27");
  read({{"C2", "9"}, {"C2", "6", "rejected"}, {"C2", "-2"}}, "2026-02-27");
  EXPECT_EQ(taken(), "lowered C1 USD 0 -1 -1\nlowered C2 USD 0 -2 -2");
  // A pair has what was taken, and what came below nothing takes it.
  read({{"C3", "9", "pending"}, {"C3", "4", "pending"}}, "2026-02-26");
  read({{"C3", "9"}, {"C3", "4"}, {"C3", "-3"}}, "2026-02-26");
  EXPECT_EQ(value("SELECT sum(difference) FROM reporting.clawbacks WHERE client_ref = 'C3'"), "-3");
  EXPECT_EQ(alerts(), "broker-1 took back 6.00 USD");
  // The same once more, when rows come back.
  read({{"C3", "9"}, {"C3", "4", "pending"}}, "2026-02-26");
  read({{"C3", "9"}, {"C3", "4"}, {"C3", "-3"}}, "2026-02-26");
  EXPECT_EQ(value("SELECT sum(difference) FROM reporting.retroactive_changes"
                  " WHERE client_ref = 'C3'"),
            "-3");
  // A new row below nothing where nothing went is a new row.
  read({{"C4", "9"}}, "2026-02-25");
  read({{"C4", "9"}, {"C4", "-2"}}, "2026-02-25");
  EXPECT_EQ(value("SELECT count(*) FROM reporting.clawbacks WHERE client_ref = 'C4'"), "0");
  expect_whole_history();
}

// Only money that came can be new money.
TEST_F(CameInstead, WhatIsNoLongerBelowNothingIsRaised) {
  read({{"C1", "-1"}});
  read({{"C1", "-1", "rejected"}, {"C1", "0"}});
  EXPECT_EQ(changes(), "C1 USD -1 0 1");
  read({{"C2", "-5"}}, "2026-02-27");
  read({{"C2", "1"}, {"C2", "0"}}, "2026-02-27");
  EXPECT_EQ(changes(), "C1 USD -1 0 1\nC2 USD -5 0 5");
  EXPECT_EQ(taken(), "");
  expect_whole_history();
}

// A pass in doubt stores rows beside those whose place they take, and the next one lets these go.
TEST_F(CameInstead, RowsOfAPassInDoubtAreNewAsWell) {
  read({{"C1", "5"}});
  auto const doubtful = begin_reading();
  put(doubtful, {{"C1", "9"}}, "2026-02-28");
  close(doubtful, {{"C1", "9"}}, "2026-02-28", true);
  finish(doubtful, false);
  read({{"C1", "9"}});
  EXPECT_EQ(taken(), "");
  // What came and went in doubt never stood.
  auto const second = begin_reading();
  put(second, {{"C1", "11"}}, "2026-02-28");
  close(second, {{"C1", "11"}}, "2026-02-28", true);
  finish(second, false);
  read({{"C1", "10"}});
  EXPECT_EQ(taken(), "");
  EXPECT_EQ(changes(), "C1 USD 5 9 4\nC1 USD 9 10 1");
  EXPECT_EQ(alerts(), "");
}

// Another day of the slice is in doubt: what came for this one without doubt stands.
TEST_F(CameInstead, ARowOfADayWithoutDoubtStandsWhateverOtherDaysAre) {
  std::string const other = "2026-02-20";
  auto first = begin_reading();
  put(first, {{"C1", "20"}, {"C2", "7"}}, "2026-02-28");
  put(first, {{"C9", "1"}}, other);
  close(first, {{"C1", "20"}, {"C2", "7"}}, "2026-02-28");
  close(first, {{"C9", "1"}}, other);
  finish(first);
  auto const second = begin_reading();
  put(second, {{"C1", "20", "paid"}, {"C2", "7", "paid"}}, "2026-02-28");
  close(second, {{"C1", "20", "paid"}, {"C2", "7", "paid"}}, "2026-02-28");
  close(second, {{"C9", "1"}}, other, true);
  finish(second, false);
  run_sql("UPDATE affsync.sync_run SET status = 'partial' WHERE status = 'failed'");
  EXPECT_EQ(taken(), "");
  auto const third = begin_reading();
  put(third, {{"C2", "5", "paid"}}, "2026-02-28");
  auto end =
      slice(third, "commission",
            {Sum{"C2", "5", "paid"}.key() + " 2026-02-28", Sum{"C9", "1"}.key() + ' ' + other});
  end.from = parse_day(other);
  end.to = parse_day("2026-02-28");
  end.scope_column = "occurred_on";
  end.seen_within = end.covers_days = end.replaces = end.by_content = true;
  end.proof = CountProof::nothing;
  end.mass_drop_limit = 1;
  EXPECT_EQ(loop.run(store->close_slice(std::move(end))).replaced, 2);
  finish(third);
  EXPECT_EQ(taken(), "vanished C1 USD 20 0 -20\nlowered C2 USD 7 5 -2");
  expect_whole_history();
}

// A window of a first week may be as large while PostgreSQL knows nothing of the stream yet. What
// compares each row with each other one meets the limit of a statement.
TEST_F(CameInstead, ManyRowsAreComparedBeforeStatisticsKnowThem) {
  constexpr int many = 30'000;
  std::vector<Sum> before, after;
  for (int i = 0; i < many; ++i) {
    before.push_back({"C" + std::to_string(i), "5"});
    after.push_back({"C" + std::to_string(i), i == 0 ? "3" : "9"});
  }
  read(before);
  read(after);
  EXPECT_EQ(taken(), "lowered C0 USD 5 3 -2");
}

// Rows with ids of the broker's say themselves which of them is gone.
TEST_F(CameInstead, RowsWithIdsVanishOneByOne) {
  by_content = false;
  read({{"C1", "9"}});
  read({{"C1", "12"}});
  EXPECT_EQ(taken(), "vanished C1 USD 9 0 -9");
  EXPECT_EQ(alerts(), "broker-1 no longer lists 9.00 USD");
}

}  // namespace
}  // namespace affsync::schema::test::came_instead_test
