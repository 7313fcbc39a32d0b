// affsync.sync_run is kept by month: what a run touches, what becomes of old months, and how a
// table of before is taken over.
#include <pqxx/pqxx>

#include "schema/store/migrate.hpp"
#include "schema/store/retention.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::runs_by_month_test {
namespace {

class RunsByMonth : public StoreTest {
 protected:
  std::string parts() {
    return value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'affsync.sync_run'::regclass");
  }
  // A month of long ago, which the runs of the time before would contain otherwise.
  void make_march() {
    sql(url, "ALTER TABLE affsync.sync_run DETACH PARTITION affsync.sync_run_early");
    sql(url,
        "CREATE TABLE affsync.sync_run_2020_03 PARTITION OF affsync.sync_run"
        " FOR VALUES FROM ('2020-03-01 00:00:00+00') TO ('2020-04-01 00:00:00+00')");
  }
  void run_of_march(std::string const& stream) {
    sql(url,
        "INSERT INTO affsync.sync_run (source_id, stream, started_at, finished_at, status, mode)"
        " VALUES (" +
            std::to_string(source) + ", '" + stream +
            "', '2020-03-05Z', '2020-03-05Z', 'succeeded', 'full')");
  }
  bool there(std::string const& table) {
    return value("SELECT to_regclass('affsync." + table + "') IS NOT NULL") == "t";
  }
  Pruned prune(int days) {
    Retention retention;
    retention.runs = std::chrono::hours(24 * days);
    return loop.run(store->prune(retention, false));
  }
};

TEST_F(RunsByMonth, MonthsAreMadeAheadAndARunGoesIntoItsOwn) {
  EXPECT_EQ(value("SELECT relkind FROM pg_class WHERE oid = 'affsync.sync_run'::regclass"), "p");
  EXPECT_GE(std::stoi(parts()), 4);
  auto const before = parts();
  EXPECT_EQ(prune(90).months_made, 0);
  EXPECT_EQ(parts(), before);
  EXPECT_EQ(value("SELECT affsync.keep_run_months(5)"), "2");
  auto const first =
      value("SELECT to_char(now() AT TIME ZONE 'UTC' + interval '3 months', 'YYYY_MM')");
  sql(url, "INSERT INTO affsync.sync_run (source_id, stream, started_at, status, mode) VALUES (" +
               std::to_string(source) +
               ", 'x', now() AT TIME ZONE 'UTC' + interval '3 months',"
               " 'succeeded', 'full')");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run_" + first), "1");
}

TEST_F(RunsByMonth, NoTimeIsWithoutAPlace) {
  for (auto const* at : {"'1970-01-01Z'", "now() + interval '90 years'"}) {
    sql(url, "INSERT INTO affsync.sync_run (source_id, stream, started_at, status, mode) VALUES (" +
                 std::to_string(source) + ", 'x', " + at + ", 'succeeded', 'full')");
  }
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run"), "2");
}

// Whatever somebody does with another month, and however many there are.
TEST_F(RunsByMonth, APageAndTheEndOfARunTouchTheMonthOfTheRunAlone) {
  end(begin());  // the stream is known, and its statements are prepared
  for (int i = 0; i < 8; ++i) {
    auto const run = begin();
    write(run, "commission", {{"k" + std::to_string(i), {{"amount", "1"}}}});
    pqxx::connection other(url);
    pqxx::work holding(other);
    holding.exec("LOCK TABLE ONLY affsync.sync_run_rest IN ACCESS EXCLUSIVE MODE");
    write(run, "commission", {{"m" + std::to_string(i), {{"amount", "2"}}}});
    EXPECT_EQ(value("SELECT inserted FROM affsync.sync_run_early WHERE run_id = " +
                    std::to_string(run.run_id)),
              "2");
    end(run);
    holding.commit();
  }
}

TEST_F(RunsByMonth, AMonthOfThePastThatIsEmptyIsDroppedAndOneWithRunsStays) {
  end(begin("y"));
  make_march();
  run_of_march("x");
  run_of_march("x");  // the latest of its stream
  EXPECT_EQ(prune(4000).runs, 0);
  EXPECT_TRUE(there("sync_run_2020_03"));
  EXPECT_EQ(prune(90).runs, 1);
  EXPECT_TRUE(there("sync_run_2020_03")) << "the latest run of a stream stays";
  end(begin("x"));
  EXPECT_EQ(prune(90).runs, 1);
  EXPECT_FALSE(there("sync_run_2020_03"));
  EXPECT_TRUE(there("sync_run_rest"));
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run"), "1") << "that of y went with its month";
}

TEST_F(RunsByMonth, WhoReadsRunsIsNotDisturbedByTheDaily) {
  make_march();
  pqxx::connection other(url);
  pqxx::work reading(other);
  reading.exec("SELECT count(*) FROM affsync.sync_run");
  prune(90);
  EXPECT_TRUE(there("sync_run_2020_03"));
  reading.commit();
  prune(90);
  EXPECT_FALSE(there("sync_run_2020_03"));
}

TEST_F(RunsByMonth, WithoutAPlaceForARunTheErrorIsThatOfTheDatabase) {
  sql(url, "ALTER TABLE affsync.sync_run DETACH PARTITION affsync.sync_run_early");
  sql(url, "DROP TABLE affsync.sync_run_rest");
  try {
    begin();
    FAIL();
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::database_error) << failure.error().to_line();
    EXPECT_NE(failure.error().message.find("sync_run"), std::string::npos)
        << failure.error().to_line();
  }
}

// An interrupted run is closed by the next one, also if its month has passed, or was another one's.
TEST_F(RunsByMonth, ARunThatNeverEndedIsClosedWhateverItsMonth) {
  end(begin());
  auto const lost = begin();
  sql(url,
      "UPDATE affsync.sync_run SET started_at = started_at - interval '70 days' WHERE run_id = " +
          std::to_string(lost.run_id));
  sql(url,
      "UPDATE affsync.stream_state SET runs_open_since = runs_open_since - interval '70 days'");
  end(begin());
  EXPECT_EQ(value("SELECT error_code FROM affsync.sync_run WHERE run_id = " +
                  std::to_string(lost.run_id)),
            "interrupted");
}

// As the version before leaves it: nothing of the new columns is known.
TEST_F(RunsByMonth, ARunOfTheVersionBeforeIsClosedToo) {
  end(begin());
  sql(url,
      "WITH r AS (INSERT INTO affsync.sync_run (source_id, stream, started_at, status, mode) SELECT"
      " source_id, stream, now(), 'running', 'full' FROM affsync.stream_state RETURNING run_id)"
      " UPDATE affsync.stream_state SET run_id = r.run_id, running = true FROM r");
  end(begin());
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run WHERE status = 'running'"), "0");
}

// What there was before: the runs, who may do what, a user's view, numbers that grow.
TEST(RunsOfBefore, ATableOfBeforeBecomesAMonthOfTheNewOne) {
  auto const url = make_database();
  auto const options = options_for(url);
  migrate(options, false).value();
  // As migration 0049 left it.
  sql(url, "DROP VIEW affsync.commission_steps_by_row, affsync.rebate_steps_by_row CASCADE");
  sql(url, "DROP TABLE affsync.sync_run");
  sql(url, "DROP FUNCTION affsync.keep_run_months, affsync.make_months CASCADE");
  sql(url, "ALTER TABLE affsync.stream_state DROP runs_open_since, DROP pass_started_at");
  sql(url, "DELETE FROM affsync.schema_migration WHERE version IN (0, 50, 51)");
  sql(url,
      "CREATE TABLE affsync.sync_run (source_id integer NOT NULL REFERENCES affsync.source, run_id"
      " bigint GENERATED BY DEFAULT AS IDENTITY, stream text COLLATE \"C\" NOT NULL, started_at"
      " timestamptz NOT NULL, finished_at timestamptz, status text NOT NULL, mode text NOT NULL,"
      " window_from date, window_to date, rows_read bigint NOT NULL DEFAULT 0, inserted bigint NOT"
      " NULL DEFAULT 0, updated bigint NOT NULL DEFAULT 0, unchanged bigint NOT NULL DEFAULT 0,"
      " deleted bigint NOT NULL DEFAULT 0, quarantined bigint NOT NULL DEFAULT 0, pages bigint NOT"
      " NULL DEFAULT 0, requests bigint NOT NULL DEFAULT 0, throttled bigint NOT NULL DEFAULT 0,"
      " retries bigint NOT NULL DEFAULT 0, bytes_received bigint NOT NULL DEFAULT 0, duration_ms"
      " bigint, error_code text, error text, PRIMARY KEY (source_id, run_id))");
  sql(url, "CREATE INDEX sync_run_by_stream ON affsync.sync_run (source_id, stream, run_id)");
  sql(url,
      "CREATE INDEX sync_run_running ON affsync.sync_run (source_id, stream) WHERE status ="
      " 'running'");
  sql(url, "INSERT INTO affsync.source (name, connector, base_url) VALUES ('s', 'c', '')");
  sql(url,
      "INSERT INTO affsync.sync_run (source_id, stream, started_at, status, mode) SELECT source_id,"
      " 'x', now() - i * interval '1 hour', 'succeeded', 'full' FROM affsync.source,"
      " generate_series(1, 100) i");
  // A clock was wrong once.
  sql(url, "UPDATE affsync.sync_run SET started_at = now() + interval '100 days' WHERE run_id = 7");
  sql(url, "CREATE VIEW public.mine AS SELECT max(run_id) AS latest FROM affsync.sync_run");

  auto const report = migrate(options, false);
  ASSERT_TRUE(report) << report.error().to_line();

  EXPECT_EQ(sql_value(url, "SELECT count(*) FROM affsync.sync_run_early"), "100");
  sql(url,
      "INSERT INTO affsync.sync_run (source_id, stream, started_at, status, mode) SELECT source_id,"
      " 'x', now() + interval '200 days', 'succeeded', 'full' FROM affsync.source");
  EXPECT_EQ(sql_value(url, "SELECT latest FROM public.mine"), "101");
  EXPECT_EQ(sql_value(url, "SELECT count(*) FROM affsync.sync_run_early"), "100");
  EXPECT_EQ(
      sql_value(url + " options='-c role=affsync_writer'", "SELECT affsync.keep_run_months() >= 0"),
      "t");
}

}  // namespace
}  // namespace affsync::schema::test::runs_by_month_test
