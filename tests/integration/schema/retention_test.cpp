// What retention removes, and what it never removes.
#include "schema/store/retention.hpp"

#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::retention_test {
namespace {

using std::chrono::hours;

class RetentionOfRuns : public StoreTest {
 protected:
  // As if the runs had ended that many days ago.
  void age_runs(std::string const& stream, int days) {
    auto const then = "now() - interval '" + std::to_string(days) + " days'";
    sql(url, "UPDATE affsync.sync_run SET started_at = " + then + ", finished_at = " + then +
                 " WHERE stream = '" + stream + "'");
  }
  std::string runs(std::string const& stream) {
    return value("SELECT count(*) FROM affsync.sync_run WHERE stream = '" + stream + "'");
  }
  static Retention keeping(int days) {
    Retention retention;
    retention.runs = hours(24 * days);
    retention.quarantine = hours(24 * days);
    return retention;
  }
};

TEST_F(RetentionOfRuns, RemovesOldRunsAndKeepsTheLastOfEachStream) {
  for (int i = 0; i < 5; ++i) end(begin("rewards"));
  for (int i = 0; i < 3; ++i) end(begin("clients"));
  age_runs("rewards", 100);
  age_runs("clients", 0);
  auto const counted = loop.run(store->prune(keeping(90), true));
  EXPECT_EQ(counted.runs, 4);
  EXPECT_EQ(runs("rewards"), "5");
  auto const removed = loop.run(store->prune(keeping(90), false));
  EXPECT_EQ(removed.runs, 4);
  EXPECT_EQ(runs("rewards"), "1");
  EXPECT_EQ(runs("clients"), "3");
  EXPECT_EQ(loop.run(store->prune(keeping(90), false)).runs, 0);
  // The stream resumes where it stopped.
  end(begin("rewards"));
  EXPECT_EQ(runs("rewards"), "2");
}

TEST_F(RetentionOfRuns, KeepsWhatIsToBeKeptForEver) {
  for (int i = 0; i < 3; ++i) end(begin("rewards"));
  age_runs("rewards", 4000);
  Retention const forever;
  EXPECT_EQ(loop.run(store->prune(forever, false)).runs, 0);
  EXPECT_EQ(runs("rewards"), "3");
}

TEST_F(RetentionOfRuns, LetsGoOfResolvedRowsOfTheQuarantineOnly) {
  end(begin("rewards"));
  sql(url,
      "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at, external_id, reason,"
      " raw, fingerprint, resolved_at, accepted_at) SELECT " +
          std::to_string(source) +
          ", 'rewards', 1, now() - interval '200 days', i::text, 'flaw', '{}', md5(i::text)::uuid,"
          " CASE WHEN i IN (1, 2) THEN now() - interval '100 days'"
          " WHEN i = 3 THEN now() - interval '10 days' END,"
          " CASE WHEN i = 4 THEN now() - interval '150 days' END FROM generate_series(1, 5) i");
  auto const removed = loop.run(store->prune(keeping(90), false));
  EXPECT_EQ(removed.quarantine, 2);
  EXPECT_EQ(value("SELECT string_agg(external_id, ',' ORDER BY external_id)"
                  " FROM affsync.quarantine"),
            "3,4,5");
}

TEST_F(RetentionOfRuns, OneOfAllDaemonsDoesItOnceADay) {
  EXPECT_TRUE(loop.run(store->claim_for_today("prune")));
  EXPECT_FALSE(loop.run(store->claim_for_today("prune")));
  sql(url, "UPDATE affsync.upkeep SET done_at = done_at - interval '1 day'");
  EXPECT_TRUE(loop.run(store->claim_for_today("prune")));
}

class ChangesByMonth : public StoreTest {
 protected:
  void change(std::string const& at) {
    sql(url,
        "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
        " changed_at, operation, before, after) VALUES (" +
            std::to_string(source) + ", 'commission', 'rewards', '1', 1, " + at +
            ", 'update', '{\"amount\": 1}', '{\"amount\": 2}')");
  }
  std::string changes() { return value("SELECT count(*) FROM affsync.record_change"); }
};

TEST_F(ChangesByMonth, NoTimeIsWithoutAPlace) {
  for (auto const* at :
       {"'1970-01-01Z'", "now()", "now() + interval '40 days'", "now() + interval '90 years'"}) {
    change(at);
  }
  EXPECT_EQ(changes(), "4");
}

TEST_F(ChangesByMonth, MonthsAreMadeAheadAndOnesThatAreThereStay) {
  auto const parts =
      "SELECT count(*) FROM pg_inherits WHERE inhparent = 'affsync.record_change'::regclass";
  auto const before = value(parts);
  EXPECT_GE(std::stoi(before), 25);
  Retention const forever;
  EXPECT_EQ(loop.run(store->prune(forever, false)).months_made, 0);
  EXPECT_EQ(value(parts), before);
  EXPECT_EQ(value("SELECT affsync.make_change_months(26)"), "2");
}

// Others wait while they are made, however much there is to remove.
TEST_F(ChangesByMonth, MonthsAreLookedAfterOnceHoweverManyRowsGo) {
  sql(url,
      "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at, external_id, reason,"
      " raw, fingerprint, resolved_at) SELECT " +
          std::to_string(source) +
          ", 'rewards', 1, now() - interval '200 days', i::text, 'flaw', '{}', md5(i::text)::uuid,"
          " now() - interval '100 days' FROM generate_series(1, 5000) i");
  sql(url, "CREATE TABLE public.call (name text)");
  for (auto const* name : {"make_change_months", "keep_run_months"}) {
    sql(url,
        "CREATE OR REPLACE FUNCTION affsync." + std::string(name) + "(ahead integer DEFAULT " +
            (name[0] == 'm' ? "24" : "3") +
            ") RETURNS integer LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.call VALUES ('" +
            name + "'); RETURN 1; END $$");
  }
  Retention retention;
  retention.quarantine = hours(24 * 90);
  auto const pruned = loop.run(store->prune(retention, false));
  EXPECT_EQ(pruned.quarantine, 5000);
  EXPECT_EQ(pruned.months_made, 2);
  EXPECT_EQ(value("SELECT string_agg(name, ' ' ORDER BY name) FROM public.call"),
            "keep_run_months make_change_months");
}

TEST_F(ChangesByMonth, AnOldMonthCanBeDetachedAndViewsStillWork) {
  change("now()");
  change("now() + interval '40 days'");
  sql(url, "ALTER TABLE affsync.record_change DETACH PARTITION affsync.record_change_early");
  EXPECT_EQ(changes(), "1");
  EXPECT_EQ(value("SELECT count(*) >= 0 FROM reporting.retroactive_changes"), "t");
  EXPECT_EQ(value("SELECT count(*) >= 0 FROM reporting.clawbacks"), "t");
  change("now()");
  EXPECT_EQ(changes(), "2");
}

}  // namespace
}  // namespace affsync::schema::test::retention_test
