// How the state of streams is reported: the result of the latest run, gaps in the days, blocks,
// accepted rows. None of it may be read from tables that grow with time.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::health_test {
namespace {

class Health : public StoreTest {
 protected:
  StreamHealth only(std::vector<StreamHealth> const& all) {
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? StreamHealth() : all.front();
  }
  void fail(RunKey const& run, ErrorCode code, std::string const& what) {
    RunEnd end;
    end.run = run;
    end.report.status = RunStatus::failed;
    end.report.error = Error(code, what);
    end.now = now;
    loop.run(store->end_run(std::move(end)));
  }
  std::string id() const { return std::to_string(source); }
};

TEST_F(Health, TellsOfTheRunThatGoesOnAndOfTheLastOneThatHasEnded) {
  fail(begin(), ErrorCode::timeout, "no answer");
  auto health = only(loop.run(store->health()));
  EXPECT_EQ(health.last_status, "failed");
  EXPECT_EQ(health.ended_status, "failed");
  EXPECT_EQ(health.last_error_code, "timeout");
  EXPECT_EQ(health.last_finished_at, now);

  auto const run = begin();
  health = only(loop.run(store->health()));
  EXPECT_EQ(health.last_status, "running");
  EXPECT_EQ(health.ended_status, "failed");
  EXPECT_EQ(health.last_error_code, "timeout");

  end(run);
  health = only(loop.run(store->health()));
  EXPECT_EQ(health.last_status, "succeeded");
  EXPECT_EQ(health.ended_status, "succeeded");
  EXPECT_EQ(health.last_error_code, "");
  EXPECT_EQ(health.last_error, "");
}

TEST_F(Health, OfRowsMappedAgainNothingIsSaid) {
  fail(begin(), ErrorCode::timeout, "no answer");
  auto const retry = begin("feed", "retry");
  EXPECT_EQ(only(loop.run(store->health())).last_status, "failed");
  RunEnd end;
  end.run = retry;
  end.report.status = RunStatus::succeeded;
  end.retry = true;
  end.now = now;
  loop.run(store->end_run(std::move(end)));
  EXPECT_EQ(only(loop.run(store->health())).last_status, "failed");
}

TEST_F(Health, DaysThatAreNotProvenAreCountedAndNamed) {
  end(begin());
  sql(url,
      "INSERT INTO affsync.coverage (source_id, stream, day_from, day_to, state, run_id,"
      " noted_at) VALUES (" +
          id() +
          ", 'feed', '2026-01-01', '2026-01-31', 'lost', 1, now()),"
          " (" +
          id() +
          ", 'feed', '2026-02-01', '2026-02-27', 'proven', 1, now()),"
          " (" +
          id() + ", 'feed', '2026-02-28', '2026-03-01', 'doubtful', 1, now())");
  auto const health = only(loop.run(store->health()));
  EXPECT_EQ(health.lost_days, 31);
  EXPECT_EQ(health.proven_days, 27);
  EXPECT_EQ(health.doubtful_days, 2);
  EXPECT_EQ(format_day(health.proven_from.value()), "2026-02-01");
  EXPECT_EQ(format_day(health.proven_to.value()), "2026-02-27");
  ASSERT_EQ(health.gaps.size(), 2U);
  EXPECT_EQ(health.gaps[0].state, DayState::lost);
  EXPECT_EQ(format_day(health.gaps[0].to), "2026-01-31");
  EXPECT_EQ(health.gaps[1].state, DayState::doubtful);
  EXPECT_EQ(format_day(health.gaps[1].from), "2026-02-28");
}

TEST_F(Health, ABlockStandsUntilItsEnd) {
  end(begin());
  sql(url,
      "INSERT INTO affsync.source_block (source_id, code, reason, since, until, refusals,"
      " credential_hash) VALUES (" +
          id() +
          ", 'auth_invalid', 'wrong password', now(),"
          " now() + interval '1 hour', 1, 'x')");
  for (auto const& all : {loop.run(store->health()), loop.run(store->standing())}) {
    auto const health = only(all);
    EXPECT_TRUE(health.blocked_until);
    EXPECT_EQ(health.blocked_code, "auth_invalid");
    EXPECT_EQ(health.blocked_reason, "wrong password");
  }
  sql(url, "UPDATE affsync.source_block SET until = now() - interval '1 second'");
  EXPECT_FALSE(only(loop.run(store->health())).blocked_until);
  EXPECT_FALSE(only(loop.run(store->standing())).blocked_until);
}

TEST_F(Health, AcceptedRowsAreCountedApart) {
  end(begin());
  for (std::string const accepted : {"NULL", "now()"}) {
    sql(url,
        "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at, reason, raw,"
        " fingerprint, accepted_at) VALUES (" +
            id() +
            ", 'feed', 1, now(), 'odd', '{}',"
            " gen_random_uuid(), " +
            accepted + ")");
  }
  auto const health = only(loop.run(store->health()));
  EXPECT_EQ(health.quarantined, 1);
  EXPECT_EQ(health.accepted, 1);
}

TEST_F(Health, StandingIsOneRowAStreamAndNeedsNeitherRunsNorComparisons) {
  fail(begin(), ErrorCode::auth_invalid, "refused");
  fail(begin(), ErrorCode::auth_invalid, "refused");
  // Any read of these tables now fails.
  sql(url, "ALTER TABLE affsync.sync_run RENAME TO away_1");
  sql(url, "ALTER TABLE affsync.reconciliation RENAME TO away_2");
  sql(url, "ALTER TABLE affsync.quarantine RENAME TO away_3");
  auto const standing = only(loop.run(store->standing()));
  EXPECT_EQ(standing.ended_status, "failed");
  EXPECT_EQ(standing.last_error_code, "auth_invalid");
  EXPECT_EQ(standing.consecutive_failures, 2);
}

TEST_F(Health, TheViewReadsNoRuns) {
  EXPECT_EQ(value("SELECT count(*) FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid"
                  " WHERE r.ev_class = 'reporting.source_health'::regclass"
                  " AND d.refobjid = 'affsync.sync_run'::regclass"),
            "0");
}

TEST_F(Health, AReportForAPageHasATimeLimitOfItsOwn) {
  std::vector<std::optional<std::string>> const none;
  auto const table =
      loop.run(store->query_for_page("SELECT current_setting('statement_timeout')", none));
  EXPECT_EQ(table.rows.at(0).at(0), "10s");
}

}  // namespace
}  // namespace affsync::schema::test::health_test
