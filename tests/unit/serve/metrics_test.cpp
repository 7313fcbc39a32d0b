// What is counted, under which name, and that the names do not change.
#include "daemon/serve/metrics.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "schema/store/process_mark.hpp"
#include "tests/support/places/places.hpp"
#include "version_info.hpp"

namespace affsync::serve::metrics_test {
namespace {

using namespace std::chrono_literals;

TimePoint at(std::int64_t unix_seconds) {
  return TimePoint(std::chrono::seconds(unix_seconds));
}

RunReport report_of(RunStatus status) {
  RunReport report;
  report.source = "exness-main";
  report.stream = "rewards";
  report.table = "commission";
  report.status = status;
  report.started_at = at(1'700'000'000);
  report.finished_at = at(1'700'000'007);
  return report;
}

// The value after `series` at the beginning of a line; nullopt if there is no such series.
std::optional<double> value_of(Metrics const& metrics, std::string const& series,
                               TimePoint now = at(1'700'000'100)) {
  std::istringstream text(metrics.render(now));
  for (std::string line; std::getline(text, line);) {
    if (line.rfind(series + " ", 0) == 0) return std::stod(line.substr(series.size() + 1));
  }
  return std::nullopt;
}

std::string rows(char const* outcome) {
  return std::string("affsync_rows_total{source=\"exness-main\",stream=\"rewards\",outcome=\"") +
         outcome + "\"}";
}

constexpr char const* last_success =
    R"(affsync_last_success_timestamp_seconds{source="exness-main",stream="rewards"})";

TEST(Metrics, rows_are_counted_while_a_run_goes_on_and_only_once) {
  Metrics metrics(at(1));
  auto report = report_of(RunStatus::running);
  metrics.on_run_started(report);
  report.inserted = 500;
  report.quarantined = 2;
  metrics.on_progress(report, 1000);
  EXPECT_EQ(value_of(metrics, rows("inserted")), 500);
  report.inserted = 900;
  report.updated = 7;
  report.status = RunStatus::succeeded;
  metrics.on_run_ended(report);
  EXPECT_EQ(value_of(metrics, rows("inserted")), 900);
  EXPECT_EQ(value_of(metrics, rows("updated")), 7);
  EXPECT_EQ(value_of(metrics, rows("quarantined")), 2);

  auto next = report_of(RunStatus::succeeded);
  next.unchanged = 900;
  next.inserted = 3;
  metrics.on_run_started(next);
  metrics.on_run_ended(next);
  EXPECT_EQ(value_of(metrics, rows("inserted")), 903);
  EXPECT_EQ(value_of(metrics, rows("unchanged")), 900);
}

TEST(Metrics, waits_of_all_streams_are_summed_while_their_runs_go_on) {
  Metrics metrics(at(1));
  auto report = report_of(RunStatus::running);
  metrics.on_run_started(report);
  report.waits.answer = 1500ms;
  report.waits.database = 250ms;
  metrics.on_progress(report, std::nullopt);
  auto other = report_of(RunStatus::succeeded);
  other.stream = "clients";
  other.waits.answer = 500ms;
  metrics.on_run_started(other);
  metrics.on_run_ended(other);
  auto const waited = [&](std::string const& stage) {
    return value_of(metrics, "affsync_stage_wait_seconds_total{stage=\"" + stage + "\"}");
  };
  EXPECT_EQ(waited("answer"), 2);
  EXPECT_EQ(waited("database"), 0.25);
  EXPECT_EQ(waited("mapping"), 0);
  report.waits.answer = 1750ms;
  report.waits.mapping = 125ms;
  report.waits.room = 500ms;
  report.waits.page = 750ms;
  metrics.on_run_ended(report);
  metrics.on_run_started(report_of(RunStatus::running));
  EXPECT_EQ(waited("answer"), 2.25);
  EXPECT_EQ(waited("mapping"), 0.125);
  EXPECT_EQ(waited("room"), 0.5);
  EXPECT_EQ(waited("page"), 0.75);
}

TEST(Metrics, only_a_success_moves_the_time_of_the_last_success) {
  Metrics metrics(at(1));
  for (auto const status :
       {RunStatus::failed, RunStatus::partial, RunStatus::skipped, RunStatus::cancelled}) {
    metrics.on_run_ended(report_of(status));
  }
  EXPECT_EQ(value_of(metrics, last_success), std::nullopt);
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  EXPECT_EQ(value_of(metrics, last_success), 1'700'000'007);
}

TEST(Metrics, failed_and_partial_runs_are_counted_by_code) {
  Metrics metrics(at(1));
  auto failed = report_of(RunStatus::failed);
  failed.error = Error(ErrorCode::tls_failed, "expired");
  auto partial = report_of(RunStatus::partial);
  partial.error = Error(ErrorCode::mass_drop, "too many");
  auto cancelled = report_of(RunStatus::cancelled);
  cancelled.error = Error(ErrorCode::cancelled, "stopped");
  metrics.on_run_ended(failed);
  metrics.on_run_ended(failed);
  metrics.on_run_ended(partial);
  metrics.on_run_ended(cancelled);
  auto const count = [&](std::string const& code) {
    return value_of(metrics,
                    "affsync_run_failures_total{source=\"exness-main\",stream=\"rewards\",code=\"" +
                        code + "\"}");
  };
  EXPECT_EQ(count("tls_failed"), 2);
  EXPECT_EQ(count("mass_drop"), 1);
  EXPECT_EQ(count("cancelled"), std::nullopt);
}

TEST(Metrics, runs_and_requests_are_timed_skipped_runs_are_not) {
  Metrics metrics(at(1));
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  metrics.on_run_ended(report_of(RunStatus::skipped));
  EXPECT_EQ(value_of(metrics, R"(affsync_run_duration_seconds_count{source="exness-main"})"), 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_run_duration_seconds_sum{source="exness-main"})"), 7);
  metrics.on_request("s", 200, 1500ms);
  metrics.on_request("fast", 200, 25ms);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_duration_seconds_sum{source="s"})"), 1.5);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_duration_seconds_bucket{source="s",le="1"})"), 0);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_duration_seconds_bucket{source="s",le="2.5"})"),
            1);
  EXPECT_EQ(
      value_of(metrics, R"(affsync_request_duration_seconds_bucket{source="fast",le="0.05"})"), 1);
}

TEST(Metrics, requests_are_counted_by_status_and_none_is_no_answer) {
  Metrics metrics(at(1));
  metrics.on_request("s", 200, 1ms);
  metrics.on_request("s", 200, 1ms);
  metrics.on_request("s", 0, 1ms);
  metrics.on_throttled("s", 30s, true);
  metrics.on_rate("s", 2.5);
  EXPECT_EQ(value_of(metrics, R"(affsync_requests_total{source="s",code="200"})"), 2);
  EXPECT_EQ(value_of(metrics, R"(affsync_requests_total{source="s",code="none"})"), 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_throttled_requests_total{source="s"})"), 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_rate_limit{source="s"})"), 2.5);
}

TEST(Metrics, the_database_tells_of_earlier_successes_and_of_unreconciled_totals) {
  Metrics metrics(at(1));
  schema::StreamHealth health;
  health.source = "exness-main";
  health.stream = "rewards";
  health.last_success_at = at(1'600'000'000);
  health.unreconciled = 4;
  metrics.on_health({health});
  EXPECT_EQ(value_of(metrics, last_success), 1'600'000'000);
  EXPECT_EQ(
      value_of(metrics, R"(affsync_unreconciled_totals{source="exness-main",stream="rewards"})"),
      4);
}

TEST(Metrics, a_source_that_is_gone_takes_its_series_along) {
  Metrics metrics(at(1));
  for (std::string const source : {"kept", "gone"}) {
    auto report = report_of(RunStatus::failed);
    report.source = source;
    metrics.on_run_ended(report);
    report.status = RunStatus::succeeded;
    metrics.on_run_ended(report);
    metrics.on_request(source, 200, 1ms);
    metrics.on_throttled(source, 1s, true);
    metrics.on_rate(source, 1);
  }
  StreamSetting kept;
  kept.source = "kept";
  kept.stream = "rewards";
  kept.interval = 15min;
  metrics.set_streams({kept});
  auto const text = metrics.render();
  EXPECT_EQ(text.find("\"gone\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"kept\""), std::string::npos);
}

// A series of the stream that the reports belong to.
std::string of_stream(std::string const& name, std::string const& more = {}) {
  return name + "{source=\"exness-main\",stream=\"rewards\"" + more + "}";
}

StreamSetting setting(std::string const& stream, std::optional<std::chrono::seconds> interval) {
  StreamSetting one;
  one.source = "exness-main";
  one.stream = stream;
  one.interval = interval;
  return one;
}

TEST(Metrics, a_configured_stream_has_series_before_its_first_run) {
  Metrics metrics(at(1'700'000'000));
  metrics.set_streams({setting("rewards", 15min)});
  for (char const* status :
       {"succeeded", "partial", "failed", "continued", "skipped", "cancelled"}) {
    EXPECT_EQ(value_of(metrics,
                       of_stream("affsync_runs_total", std::string(",status=\"") + status + "\"")),
              0)
        << status;
  }
  for (char const* code : {"auth_invalid", "login_refused", "timeout", "totals_differ"}) {
    EXPECT_EQ(value_of(metrics, of_stream("affsync_run_failures_total",
                                          std::string(",code=\"") + code + "\"")),
              0)
        << code;
  }
  EXPECT_EQ(value_of(metrics, rows("inserted")), 0);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_enabled")), 1);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_interval_seconds")), 900);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_consecutive_failures")), 0);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_late")), 0);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_running")), 0);
  for (char const* code : {"200", "401", "429", "none"}) {
    EXPECT_EQ(
        value_of(metrics, std::string("affsync_requests_total{source=\"exness-main\",code=\"") +
                              code + "\"}"),
        0)
        << code;
  }
  EXPECT_EQ(value_of(metrics, R"(affsync_throttled_requests_total{source="exness-main"})"), 0);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_duration_seconds_count{source="exness-main"})"),
            0);
  EXPECT_EQ(
      value_of(metrics, R"(affsync_source_waiting_until_timestamp_seconds{source="exness-main"})"),
      0);
  EXPECT_EQ(value_of(metrics, "affsync_db_write_duration_seconds_count"), 0);
  EXPECT_EQ(
      value_of(metrics, R"(affsync_source_blocked{source="exness-main",code="auth_invalid"})"), 0);
}

TEST(Metrics, a_stream_that_is_off_or_gone_has_no_series_whatever_still_ends_or_is_known) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min), setting("clients", 1h)});
  metrics.on_run_ended(report_of(RunStatus::failed));
  metrics.set_streams({setting("rewards", std::nullopt), setting("clients", 1h)});
  metrics.on_run_started(report_of(RunStatus::running));
  metrics.on_run_ended(report_of(RunStatus::cancelled));
  schema::StreamHealth health;
  health.source = "exness-main";
  health.stream = "rewards";
  health.last_success_at = at(1'600'000'000);
  metrics.on_health({health});
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_enabled")), 0);
  auto const text = metrics.render();
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("\"rewards\"") == std::string::npos) continue;
    EXPECT_EQ(line.rfind("affsync_stream_enabled", 0), 0U) << line;
  }
  metrics.set_streams({setting("clients", 1h)});
  EXPECT_EQ(metrics.render().find("\"rewards\""), std::string::npos);
  EXPECT_NE(metrics.render().find("\"clients\""), std::string::npos);
}

TEST(Metrics, a_reload_keeps_what_was_counted) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  metrics.on_run_ended(report_of(RunStatus::failed));
  metrics.set_streams({setting("rewards", 30min), setting("clients", 1h)});
  EXPECT_EQ(value_of(metrics, of_stream("affsync_runs_total", ",status=\"failed\"")), 1);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_interval_seconds")), 1800);
}

TEST(Metrics, late_is_past_three_intervals_of_the_last_success_or_the_start) {
  Metrics metrics(at(1'700'000'000));
  metrics.set_streams({setting("rewards", 6h)});
  auto const late = [&](TimePoint now) {
    return value_of(metrics, of_stream("affsync_stream_late"), now);
  };
  EXPECT_EQ(late(at(1'700'000'000) + 18h), 0);
  EXPECT_EQ(late(at(1'700'000'000) + 18h + 1s), 1);
  metrics.on_run_ended(report_of(RunStatus::succeeded));  // 7 s after the start
  EXPECT_EQ(late(at(1'700'000'007) + 18h), 0);
  EXPECT_EQ(late(at(1'700'000'007) + 18h + 1s), 1);
}

TEST(Metrics, every_end_of_a_run_is_counted_and_one_that_goes_on_is_no_failure) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  auto skipped = report_of(RunStatus::skipped);
  skipped.error = Error(ErrorCode::permission_denied, "not for you");
  metrics.on_run_ended(skipped);
  metrics.on_run_ended(report_of(RunStatus::continued));
  metrics.on_run_ended(report_of(RunStatus::failed));
  metrics.on_run_ended(report_of(RunStatus::failed));
  auto const runs = [&](std::string const& status) {
    return value_of(metrics, of_stream("affsync_runs_total", ",status=\"" + status + "\""));
  };
  EXPECT_EQ(runs("skipped"), 1);
  EXPECT_EQ(runs("continued"), 1);
  EXPECT_EQ(runs("failed"), 2);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_consecutive_failures")), 2);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_run_failures_total", ",code=\"internal\"")), 2);
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_consecutive_failures")), 0);
}

TEST(Metrics, a_block_is_told_at_once_and_ends_with_its_time) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  metrics.on_blocked("exness-main", "auth_invalid", at(1'700'003'600));
  std::string const blocked = R"(affsync_source_blocked{source="exness-main",code="auth_invalid"})";
  std::string const other = R"(affsync_source_blocked{source="exness-main",code="login_refused"})";
  EXPECT_EQ(value_of(metrics, blocked, at(1'700'000'000)), 1);
  EXPECT_EQ(value_of(metrics, other, at(1'700'000'000)), 0);
  EXPECT_EQ(value_of(metrics, blocked, at(1'700'003'600)), 0);
  metrics.on_blocked("exness-main", "auth_invalid", at(1'800'000'000));
  metrics.on_unblocked("exness-main");
  EXPECT_EQ(value_of(metrics, blocked, at(1'700'000'000)), 0);
}

TEST(Metrics, the_progress_of_a_pass_is_its_days_or_its_rows) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  auto const progress = [&] {
    return value_of(metrics, of_stream("affsync_stream_progress_ratio"));
  };
  EXPECT_EQ(progress(), std::nullopt);
  auto by_days = report_of(RunStatus::running);
  by_days.window_from = parse_day("2026-01-01");
  by_days.window_to = parse_day("2026-04-10");  // 100 days
  metrics.on_run_started(by_days);
  EXPECT_EQ(progress(), 0);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_running")), 1);
  by_days.reached = parse_day("2026-01-25");
  metrics.on_progress(by_days, 7);
  EXPECT_EQ(progress(), 0.25);
  metrics.on_run_ended(report_of(RunStatus::continued));  // the next run goes on from there
  EXPECT_EQ(progress(), 0.25);
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  EXPECT_EQ(progress(), 1);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_running")), 0);

  auto by_rows = report_of(RunStatus::running);
  metrics.on_run_started(by_rows);
  EXPECT_EQ(progress(), std::nullopt);
  by_rows.rows_read = 30;
  metrics.on_progress(by_rows, 40);
  EXPECT_EQ(progress(), 0.75);
  by_rows.rows_read = 50;
  metrics.on_progress(by_rows, 40);
  EXPECT_EQ(progress(), 1);
}

class ClockAt final : public Clock {
 public:
  TimePoint time = at(1'700'000'000);
  TimePoint now() const override { return time; }
};

TEST(Metrics, the_end_of_a_pause_is_known_while_it_lasts) {
  ClockAt const clock;
  Metrics metrics(at(1), &clock);
  metrics.set_streams({setting("rewards", 15min)});
  auto const until = [&](std::int64_t now) {
    return value_of(metrics,
                    R"(affsync_source_waiting_until_timestamp_seconds{source="exness-main"})",
                    at(now));
  };
  metrics.on_throttled("exness-main", 90s, true);
  EXPECT_EQ(until(1'700'000'089), 1'700'000'090);
  EXPECT_EQ(until(1'700'000'090), 0);
  metrics.on_blocked("exness-main", "throttled", at(1'700'003'600));
  EXPECT_EQ(until(1'700'003'599), 1'700'003'600);
  EXPECT_EQ(until(1'700'003'600), 0);
}

TEST(Metrics, the_next_run_is_that_of_the_latest_run_else_that_of_the_database) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  auto const next = [&] {
    return value_of(metrics, of_stream("affsync_stream_next_run_timestamp_seconds"));
  };
  EXPECT_EQ(next(), std::nullopt);
  schema::StreamHealth health;
  health.source = "exness-main";
  health.stream = "rewards";
  health.next_run_at = at(1'700'000'500);
  metrics.on_health({health});
  EXPECT_EQ(next(), 1'700'000'500);
  auto report = report_of(RunStatus::succeeded);
  report.next_run_at = at(1'700'001'000);
  metrics.on_run_ended(report);
  metrics.on_health({health});
  EXPECT_EQ(next(), 1'700'001'000);
}

TEST(Metrics, writes_to_the_database_are_timed) {
  Metrics metrics(at(1));
  metrics.on_written(20ms);
  metrics.on_written(2s);
  EXPECT_EQ(value_of(metrics, "affsync_db_write_duration_seconds_count"), 2);
  EXPECT_EQ(value_of(metrics, R"(affsync_db_write_duration_seconds_bucket{le="0.025"})"), 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_db_write_duration_seconds_bucket{le="5"})"), 2);
}

MoneyLine line_of(std::string const& source, std::string const& currency, std::string const& amount,
                  std::string const& balance = {}) {
  MoneyLine line;
  line.source = source;
  line.currency = currency;
  line.amount = amount;
  line.balance = balance;
  return line;
}

TEST(Metrics, amounts_keep_each_digit_of_the_database) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  EXPECT_EQ(metrics.render().find("amount"), std::string::npos);
  metrics.on_money(Money::unpaid, {line_of("exness-main", "USD", "12345678901234567.89")},
                   at(1'700'000'000));
  metrics.on_money(Money::balance, {line_of("exness-main", "EUR", "0.10", "wallet")},
                   at(1'700'000'001));
  metrics.on_money(Money::earned_today,
                   {line_of("exness-main", "USDT", "-5.000000000000000001"),
                    line_of("of another daemon", "USD", "1")},
                   at(1'700'000'002));
  auto const text = metrics.render();
  for (
      std::string const line :
      {R"(affsync_unpaid_amount{source="exness-main",currency="USD"} 12345678901234567.89)",
       R"(affsync_balance_amount{source="exness-main",currency="EUR",balance="wallet"} 0.10)",
       R"(affsync_earned_today_amount{source="exness-main",currency="USDT"} -5.000000000000000001)",
       R"(affsync_money_read_timestamp_seconds{figure="unpaid"} 1700000000)",
       R"(affsync_money_read_timestamp_seconds{figure="balance"} 1700000001)",
       R"(affsync_money_read_timestamp_seconds{figure="earned_today"} 1700000002)"}) {
    EXPECT_NE(text.find(line + "\n"), std::string::npos) << line;
  }
  EXPECT_EQ(text.find("of another daemon"), std::string::npos);
}

TEST(MoneyLines, what_is_no_amount_and_more_than_a_source_may_have_is_left_out) {
  schema::Store::Table table;
  table.rows.push_back({"s", "USD", "", "1.50"});
  table.rows.push_back({"s", "EUR", "", std::nullopt});
  table.rows.push_back({"s", "GBP", "", "NaN"});
  table.rows.push_back({"s", std::nullopt, "wallet", "2"});
  auto const lines = money_lines(table);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].amount, "1.50");
  EXPECT_EQ(lines[1].currency, "");
  EXPECT_EQ(lines[1].balance, "wallet");
  for (int i = 0; i < 100; ++i) table.rows.push_back({"t", "C" + std::to_string(i), "", "1"});
  EXPECT_EQ(money_lines(table).size(), 52U);
}

TEST(Metrics, the_database_tells_of_quarantine_days_and_blocks) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  EXPECT_EQ(value_of(metrics, of_stream("affsync_quarantine_open")), std::nullopt);
  schema::StreamHealth health;
  health.source = "exness-main";
  health.stream = "rewards";
  health.quarantined = 3;
  health.unreconciled = 2;
  health.proven_days = 300;
  health.doubtful_days = 4;
  health.lost_days = 5;
  health.consecutive_failures = 6;
  health.blocked_until = at(1'700'003'600);
  health.blocked_code = "login_refused";
  metrics.on_health({health});
  EXPECT_EQ(value_of(metrics, of_stream("affsync_quarantine_open")), 3);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_unreconciled_totals")), 2);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_coverage_seconds", ",state=\"proven\"")),
            300 * 86400);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_coverage_seconds", ",state=\"doubtful\"")),
            4 * 86400);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_coverage_seconds", ",state=\"lost\"")), 5 * 86400);
  EXPECT_EQ(value_of(metrics, of_stream("affsync_stream_consecutive_failures")), 6);
  EXPECT_EQ(
      value_of(metrics, R"(affsync_source_blocked{source="exness-main",code="login_refused"})"), 1);
}

TEST(Metrics, an_answer_of_the_database_that_is_older_than_a_run_takes_nothing_back) {
  Metrics metrics(at(1));
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  schema::StreamHealth health;
  health.source = "exness-main";
  health.stream = "rewards";
  health.last_success_at = at(1'600'000'000);
  metrics.on_health({health});
  EXPECT_EQ(value_of(metrics, last_success), 1'700'000'007);
}

TEST(Metrics, leases_of_this_process_and_of_others_and_the_lag_of_a_replica) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min), setting("clients", 15min)});
  EXPECT_EQ(metrics.render().find("replica_lag"), std::string::npos);
  auto const mark = schema::own_mark();
  schema::StreamHealth own, others;
  own.source = others.source = "exness-main";
  own.stream = "rewards";
  others.stream = "clients";
  own.lease = others.lease = schema::LeaseHolder();
  own.lease->host = others.lease->host = mark.host;
  own.lease->process_id = mark.process_id;
  others.lease->process_id = mark.process_id + 1;
  metrics.on_health({own, others});
  metrics.on_leases(3);
  metrics.on_replica(90s);
  auto const elsewhere = [&](std::string const& stream) {
    return value_of(metrics, "affsync_stream_leased_elsewhere{source=\"exness-main\",stream=\"" +
                                 stream + "\"}");
  };
  EXPECT_EQ(elsewhere("rewards"), 0);
  EXPECT_EQ(elsewhere("clients"), 1);
  EXPECT_EQ(value_of(metrics, "affsync_leases_held"), 3);
  EXPECT_EQ(value_of(metrics, "affsync_database_replica_lag_seconds"), 90);
}

TEST(Metrics, a_failed_reload_and_a_wrong_clock_have_figures) {
  Metrics metrics(at(1));
  EXPECT_EQ(value_of(metrics, "affsync_config_last_reload_successful"), 1);
  metrics.on_reload(false);
  EXPECT_EQ(value_of(metrics, "affsync_config_last_reload_successful"), 0);
  metrics.on_reload(true);
  EXPECT_EQ(value_of(metrics, "affsync_config_last_reload_successful"), 1);
  metrics.on_clock_skew("s", -1500ms);
  EXPECT_EQ(value_of(metrics, R"(affsync_clock_skew_seconds{source="s"})"), -1.5);
}

TEST(Metrics, a_reload_that_worked_has_a_time) {
  ClockAt clock;
  clock.time = at(10);
  Metrics metrics(at(1), &clock);
  auto const* const series = "affsync_config_last_reload_success_timestamp_seconds";
  EXPECT_EQ(value_of(metrics, series), 1);
  metrics.on_reload(false);
  EXPECT_EQ(value_of(metrics, series), 1);
  metrics.on_reload(true);
  EXPECT_EQ(value_of(metrics, series), 10);
}

TEST(Metrics, the_run_that_goes_on_is_known_until_its_end) {
  Metrics metrics(at(1));
  EXPECT_EQ(metrics.running("exness-main", "rewards"), nullptr);
  auto report = report_of(RunStatus::running);
  metrics.on_run_started(report);
  report.rows_read = 40;
  metrics.on_progress(report, std::nullopt);
  ASSERT_NE(metrics.running("exness-main", "rewards"), nullptr);
  EXPECT_EQ(metrics.running("exness-main", "rewards")->rows_read, 40);
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  EXPECT_EQ(metrics.running("exness-main", "rewards"), nullptr);
}

TEST(Metrics, a_source_name_with_quotes_and_line_breaks_stays_one_label) {
  Metrics metrics(at(1));
  metrics.on_rate("a\"b\\c\nd", 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_rate_limit{source="a\"b\\c\nd"})"), 1);
}

TEST(Metrics, build_and_process_are_described) {
  Metrics metrics(at(1'700'000'000));
  EXPECT_EQ(value_of(metrics, "process_start_time_seconds"), 1'700'000'000);
  EXPECT_EQ(value_of(metrics, std::string("affsync_build_info{commit=\"") + AFFSYNC_COMMIT +
                                  "\",version=\"" + AFFSYNC_VERSION + "\"}"),
            1);
  EXPECT_GT(value_of(metrics, "process_resident_memory_bytes"), 1'000'000);
  EXPECT_GT(value_of(metrics, "process_open_fds"), 2);
}

// Renaming a metric breaks dashboards and alerts, so metric_names.txt must be edited by hand.
TEST(Metrics, names_types_and_labels_are_those_of_the_golden_file) {
  Metrics metrics(at(1));
  metrics.set_streams({setting("rewards", 15min)});
  auto failed = report_of(RunStatus::failed);
  failed.error = Error(ErrorCode::timeout, "slow");
  metrics.on_run_ended(failed);
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  metrics.on_request("exness-main", 200, 1ms);
  metrics.on_throttled("exness-main", 1s, true);
  metrics.on_rate("exness-main", 1);
  metrics.on_clock_skew("exness-main", 1s);
  schema::StreamHealth health;
  health.source = "exness-main";
  health.stream = "rewards";
  health.next_run_at = at(1);
  metrics.on_health({health});
  auto running = report_of(RunStatus::running);
  metrics.on_run_started(running);
  metrics.on_progress(running, 10);
  for (auto const figure : {Money::unpaid, Money::balance, Money::earned_today}) {
    metrics.on_money(figure, {line_of("exness-main", "USD", "1", "wallet")}, at(1));
  }

  metrics.on_replica(1s);

  metrics.alerts().on_receivers({"ops"});
  schema::AlertCount count;
  count.rule = "silence";
  metrics.alerts().on_standing({count}, {});
  metrics.alerts().on_attempt("ops", true, at(1));

  std::map<std::string, std::string> types;
  std::map<std::string, std::set<std::string>> labels;
  std::istringstream text(metrics.render());
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string first, second, name, type;
    words >> first >> second >> name >> type;
    if (first == "#" && second == "TYPE") types[name] = type;
    if (first == "#") continue;
    auto const brace = line.find('{');
    if (brace == std::string::npos || brace > line.find(' ')) continue;
    auto base = line.substr(0, brace);
    auto const bucket = base.rfind("_bucket");
    if (bucket != std::string::npos) base.resize(bucket);
    for (auto begin = brace + 1; line[begin] != ' ';) {
      auto const equals = line.find("=\"", begin);
      labels[base].insert(line.substr(begin, equals - begin));
      begin = line.find('"', equals + 2) + 2;
    }
  }
  std::string found;
  for (auto const& [name, type] : types) {
    found += name + " " + type;
    for (auto const& label : labels[name]) found += " " + label;
    found += "\n";
  }
  std::ostringstream golden;
  golden << std::ifstream(test::in_source("tests/unit/serve/metric_names.txt")).rdbuf();
  EXPECT_EQ(found, golden.str());
}

}  // namespace
}  // namespace affsync::serve::metrics_test
