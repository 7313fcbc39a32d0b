// Cursors and state: what a run finds at its begin and what it leaves.
#include <chrono>
#include <fstream>

#include "base/clock.hpp"
#include "tests/acceptance/fixture.hpp"
#include "tests/acceptance/own_broker.hpp"
#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/clock/wall_clock.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::test::state_test {
namespace {

class State : public Acceptance {
 protected:
  static std::string day(int back) {
    return format_day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) -
                      std::chrono::days(back));
  }
};

TEST_F(State, two_sequential_reads) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "clear_log"}});
  auto const again = sync();
  ASSERT_EQ(again.status, 0);
  EXPECT_EQ(again.count("rewards", "inserted"), 0);
  // The window begins at the last day that was read minus the lookback of a week, and ends today.
  auto const targets = broker().targets("/rewards/");
  ASSERT_FALSE(targets.empty());
  for (auto const& target : targets) {
    EXPECT_NE(target.find("reward_date_from=" + day(6)), std::string::npos) << target;
    EXPECT_NE(target.find("reward_date_to=" + day(0)), std::string::npos) << target;
  }
}

// Stops each run after one page. The list is then read by as many runs as it has pages.
TEST_F(State, resume_from_each_checkpoint) {
  streams_yaml = "      rewards: {page_size: 60, start: " + first_day() + "}\n";
  start_broker();
  ASSERT_EQ(sync({"--stream", "clients", "--stream", "accounts"}).status, 0);
  auto const expected = static_cast<long>(broker().book("rewards").rows);
  ASSERT_GT(expected, 5 * 60);
  long stored = 0;
  int runs = 0;
  bool got_on = true;
  for (;; ++runs) {
    ASSERT_LT(runs, 60) << "the runs make no progress";
    broker().control({{"do", "clear_log"}});
    broker().clear_faults();
    // A run that is stopped between two windows resumes at the end of the first. A second page then
    // shows that it continues.
    int const pages = got_on ? 1 : 2;
    // Three refusals, because affsync probes a refused window by requesting two single days.
    broker().fault("status:code=400,path=rewards,next=3,skip=" + std::to_string(pages));
    auto const synced = sync({"--stream", "rewards"});
    stored += synced.count("rewards", "inserted");
    EXPECT_EQ(query("select count(*) from affsync.commission"), std::to_string(stored));
    if (synced.status == 0) break;
    ASSERT_EQ(synced.of("rewards", "error_code"), "bad_request") << synced.out;
    EXPECT_EQ(synced.count("rewards", "pages"), pages) << synced.out;
    // The run resumed where the previous one stopped.
    auto const page = broker().targets("/rewards/").front();
    EXPECT_EQ(synced.count("rewards", "unchanged"), 0) << page << synced.out;
    got_on = synced.count("rewards", "inserted") > 0;
    ASSERT_TRUE(got_on || pages == 1) << page << synced.out;
  }
  EXPECT_GE(runs, expected / 60);
  EXPECT_EQ(stored, expected);
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_EQ(query("select count(*) from affsync.commission where revision <> 1"), "0");
}

// With the machine's clock more than a year ahead of broker and database nothing is read. State
// that an older version wrote at such a time is not trusted: the years in between do not count as
// read.
TEST_F(State, state_in_the_future) {
  start_broker();
  WallClock clock;
  clock.add_to_environment(environment);
  clock.set_ahead(std::chrono::hours(24 * 400));
  auto const wrong = sync();
  EXPECT_EQ(wrong.status, 1);
  EXPECT_EQ(wrong.of("rewards", "error_code"), "clock_skew");
  EXPECT_EQ(query("select count(*) from affsync.commission"), "0");
  clock.set_ahead(std::chrono::seconds(0));
  ASSERT_EQ(sync().status, 0);
  execute(
      "update affsync.stream_state set last_success_at = last_success_at + interval '400 days',"
      " last_full_at = last_full_at + interval '400 days',"
      " last_full_began_at = last_full_began_at + interval '400 days', cursor = "
      "regexp_replace(regexp_replace("
      "cursor::text, '(\"done_to\": *\")[0-9]+', '\\12099'), '(\"at\": *\")[0-9]+',"
      " '\\12099')::jsonb");
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "4"}, {"day", day(0)}});
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "3"}, {"day", day(2)}});
  EXPECT_EQ(sync({"--stream", "rewards"}).count("rewards", "inserted"), 7);
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
  // The state written at that time is no longer trusted.
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "1"}, {"day", day(1)}});
  EXPECT_EQ(sync({"--stream", "rewards"}).count("rewards", "inserted"), 1);
}

// Whatever somebody has done to the tables, what is told is what is there.
TEST_F(State, the_number_of_rows_is_counted_by_each_pass_that_reads_all) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  execute(
      "delete from affsync.client where external_id in (select external_id from affsync.client"
      " order by external_id limit 7)");
  execute(
      "delete from affsync.commission where external_id in (select external_id"
      " from affsync.commission order by external_id limit 9)");
  ASSERT_EQ(sync({"--full"}).status, 0);
  expect_books_equal();
  auto const told = [&](std::string const& stream, std::string const& table) {
    return query("select z.live_rows = (select count(*) from affsync." + table +
                 " where stream = z.stream and deleted_at is null) from affsync.stream_state z"
                 " where stream = '" +
                 stream + "'");
  };
  EXPECT_EQ(told("clients", "client"), "t");
  EXPECT_EQ(told("rewards", "commission"), "t");
  execute("truncate affsync.commission");
  ASSERT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(told("rewards", "commission"), "t");
  broker().control({{"do", "remove"},
                    {"feed", "rewards"},
                    {"rows", "5"},
                    {"seed", "3"},
                    {"spare", oldest_rewards}});
  EXPECT_EQ(sync({"--full"}).count("rewards", "deleted"), 5);
  EXPECT_EQ(told("rewards", "commission"), "t");
}

// The statement of docs/operations.md.
TEST_F(State, rows_that_somebody_has_changed_are_stored_again) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  execute(
      "update affsync.commission set amount = amount + 1000 where external_id in (select"
      " external_id from affsync.commission order by external_id limit 3)");
  std::ifstream file(in_source("docs/operations.md"));
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  auto const at = text.find("WITH again AS");
  ASSERT_NE(at, std::string::npos);
  auto statement = text.substr(at, text.find("```", at) - at);
  statement.replace(statement.find("northfx"), 7, "main");
  statement.replace(statement.find("'commissions'"), 13, "'rewards'");
  execute(statement);
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.count("rewards", "updated"), 3);
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.commission where revision > 1"), "3");
  EXPECT_EQ(query("select count(*) from reporting.retroactive_changes"), "0")
      << "it is no doing of the broker's";
}

TEST_F(State, days_of_the_future_that_a_wrong_clock_has_noted_are_forgotten) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const shown =
      "select max(day_to) <= current_date + 1 from reporting.coverage where stream = 'rewards'";
  ASSERT_EQ(query(shown), "t");
  auto const last = query("select max(day_to) from affsync.coverage where stream = 'rewards'");
  execute(
      "insert into affsync.coverage (source_id, stream, day_from, day_to, state, run_id, noted_at)"
      " select source_id, stream, current_date + d, current_date + d + 99, s, run_id, now()"
      " from affsync.stream_state, (values (50, 'lost'), (150, 'proven')) x (d, s)"
      " where stream = 'rewards'");
  execute("update affsync.coverage set day_to = day_to + 40 where day_to = '" + last + "'");
  EXPECT_EQ(query(shown), "t");
  auto const alerts = affsync({"alerts"});
  EXPECT_EQ(alerts.out.find("missing"), std::string::npos) << alerts.out;
  auto const noted = "select max(day_to) - current_date from affsync.coverage";
  ASSERT_EQ(sync().status, 0);
  EXPECT_LE(std::stoi(query(noted)), 1);
}

// Rows are ordered by their amount, neither by day nor by key, so no page shows how far the pass
// has come.
TEST_F(State, unsorted_stream) {
  streams_yaml =
      "      rewards: {page_size: 60, query: {ordering: reward_usd}, start: " + first_day() +
      "}\n      clients: {page_size: 25, query: {ordering: \"-reward_usd\"}}\n";
  start_broker();
  auto const first = sync();
  ASSERT_EQ(first.status, 0) << first.out;
  ASSERT_NE(broker().targets("/rewards/").front().find("ordering=reward_usd"), std::string::npos);
  EXPECT_EQ(first.of("rewards", "status"), "succeeded");
  expect_books_equal();
  broker().control({{"do", "remove"},
                    {"feed", "rewards"},
                    {"rows", "5"},
                    {"seed", "3"},
                    {"spare", oldest_rewards}});
  broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "6"}, {"seed", "4"}});
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "2"}, {"day", day(1)}});
  auto const again = sync({"--full"});
  EXPECT_EQ(again.of("rewards", "status"), "succeeded") << again.out;
  EXPECT_EQ(again.count("rewards", "deleted"), 5);
  EXPECT_EQ(again.count("rewards", "updated"), 6);
  EXPECT_EQ(again.count("rewards", "inserted"), 2);
  expect_books_equal();
}

TEST_F(State, late_row_within_lookback) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "2"}, {"day", day(3)}});
  EXPECT_EQ(sync({"--stream", "rewards"}).count("rewards", "inserted"), 2);
  ASSERT_EQ(sync().status, 0);  // clients and accounts, whose totals changed with the rewards
  expect_books_equal();
}

TEST_F(State, late_row_beyond_lookback) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "3"}, {"day", day(20)}});
  EXPECT_EQ(sync({"--stream", "rewards"}).count("rewards", "inserted"), 0);
  // A week later the weekly full pass is due.
  execute(
      "update affsync.stream_state set"
      " last_full_began_at = last_full_began_at - interval '169 hours'");
  auto const full = sync({"--stream", "rewards"});
  EXPECT_EQ(full.status, 0) << full.out;
  EXPECT_EQ(full.count("rewards", "inserted"), 3);
  EXPECT_EQ(query("select mode from affsync.sync_run order by run_id desc limit 1"), "full");
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(State, failed_run_is_not_success) {
  start_broker();
  ASSERT_EQ(sync({"--stream", "clients"}).status, 0);
  auto const before = query("select last_success_at from affsync.stream_state");
  broker().fault("status:code=500,every=1,path=clients");
  auto const failed = sync({"--stream", "clients"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.of("clients", "error_code"), "server_error");
  EXPECT_EQ(query("select last_success_at from affsync.stream_state"), before);
  EXPECT_EQ(query("select consecutive_failures from affsync.stream_state"), "1");
  EXPECT_EQ(query("select status from affsync.sync_run order by run_id desc limit 1"), "failed");
}

// Another name for the same account is a rename: the source keeps its rows, history and state.
TEST_F(State, stream_renamed_in_config) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const earned = "select sum(amount_usd) from reporting.earnings_daily";
  auto const before = query(earned);
  auto const runs = query("select count(*) from affsync.sync_run");
  source_name = "renamed";
  configure();
  broker().control({{"do", "clear_log"}});
  auto const again = sync();
  ASSERT_EQ(again.status, 0) << again.out;
  EXPECT_EQ(again.count("rewards", "inserted"), 0);
  EXPECT_EQ(query(earned), before);
  EXPECT_EQ(query("select string_agg(name, ' ') from affsync.source"), "renamed");
  EXPECT_EQ(query("select string_agg(distinct source, ' ') from reporting.earnings_daily"),
            "renamed");
  EXPECT_NE(query("select count(*) from affsync.sync_run"), runs);
  // The cursor was kept.
  EXPECT_NE(broker().targets("/rewards/").front().find("reward_date_from=" + day(6)),
            std::string::npos);

  // Another account at the same broker is not a rename, whatever happened to the first.
  source_name = "another";
  credentials_yaml = "{login: somebody@example.com, password: \"${SANDBOX_PASSWORD}\"}";
  configure();
  EXPECT_EQ(sync({"--stream", "rewards"}).of("rewards", "error_code"), "auth_invalid");
  EXPECT_EQ(query("select string_agg(name, ' ' order by source_id) from affsync.source"),
            "renamed another");
  EXPECT_EQ(query(earned), before);
}

// A connector renames its stream: the rows of the old stream stay, and count once.
TEST_F(State, stream_renamed_in_connector) {
  OwnBroker own;
  own.set_rows({R"({"id":"1","state":"paid","amount":"5","currency":"USD","at":"2026-03-02"})",
                R"({"id":"2","state":"pending","amount":"7","currency":"USD","at":"2026-03-02"})"});
  connector = "own";
  credentials_yaml = "{}";
  base_url = own.url();
  use_connector("own", OwnBroker::connector("earnings"));
  ASSERT_EQ(sync().status, 0);
  use_connector("own", OwnBroker::connector("income"));
  ASSERT_EQ(sync().count("income", "inserted"), 2);
  EXPECT_EQ(
      query("select string_agg(stream || ' ' || external_id, ' ' order by stream, external_id)"
            " from affsync.commission where deleted_at is null"),
      "earnings 1 earnings 2 income 1 income 2");
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily"), "12");
  EXPECT_EQ(query("select sum(amount) from reporting.unpaid_commission"), "7");
  // Rows without a client form one line and count once too.
  EXPECT_EQ(query("select sum(commission_usd) from reporting.client_performance"), "12");
  EXPECT_EQ(query("select string_agg(stream, ' ') from reporting.source_health"), "income");
  // Renamed back: the original stream counts.
  use_connector("own", OwnBroker::connector("earnings"));
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily"), "12");
  EXPECT_EQ(query("select string_agg(stream, ' ') from reporting.source_health"), "earnings");
}

class EndOfARun : public PlainAcceptance {};

// What the database refuses to take as ended has failed, whatever the run found before.
TEST_F(EndOfARun, a_partial_run_whose_end_is_not_stored_has_failed) {
  serve_rows({R"({"id":"1","amount":"5","currency":"USD"})",
              R"({"id":"2","amount":"x","currency":"USD"})"});
  auto const partial = sync();
  ASSERT_EQ(partial.of("rows", "status"), "partial") << partial.out << partial.err;
  execute(
      "create function refuse() returns trigger language plpgsql as"
      " $$ begin raise exception 'no room for the end of a run'; end $$;"
      " create trigger refuse before update on affsync.sync_run for each row"
      " when (new.status <> 'running') execute function refuse()");
  auto const failed = sync();
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.of("rows", "status"), "failed") << failed.out;
  auto const error = failed.of("rows", "error");
  EXPECT_NE(error.find("no room for the end of a run"), std::string::npos) << error;
  EXPECT_NE(error.find("before that: "), std::string::npos) << error;
}

}  // namespace
}  // namespace affsync::test::state_test
