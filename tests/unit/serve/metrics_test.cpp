// What is counted, under which name, and that the names stay.
#include "daemon/serve/metrics.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "version_info.hpp"

namespace affsync::serve {
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

// The value after `series` at the beginning of a line; nullopt when there is no such series.
std::optional<double> value_of(Metrics const& metrics, std::string const& series) {
  std::istringstream text(metrics.render());
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
  EXPECT_EQ(
      value_of(metrics, R"(affsync_quarantined_total{source="exness-main",stream="rewards"})"), 2);

  auto next = report_of(RunStatus::succeeded);
  next.unchanged = 900;
  next.inserted = 3;
  metrics.on_run_started(next);
  metrics.on_run_ended(next);
  EXPECT_EQ(value_of(metrics, rows("inserted")), 903);
  EXPECT_EQ(value_of(metrics, rows("unchanged")), 900);
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
  EXPECT_EQ(value_of(metrics, "affsync_run_duration_seconds_count"), 1);
  EXPECT_EQ(value_of(metrics, "affsync_run_duration_seconds_sum"), 7);
  metrics.on_request("s", 200, 1500ms);
  EXPECT_EQ(value_of(metrics, "affsync_request_duration_seconds_sum"), 1.5);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_duration_seconds_bucket{le="1"})"), 0);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_duration_seconds_bucket{le="2.5"})"), 1);
}

TEST(Metrics, requests_are_counted_by_status_and_none_is_no_answer) {
  Metrics metrics(at(1));
  metrics.on_request("s", 200, 1ms);
  metrics.on_request("s", 200, 1ms);
  metrics.on_request("s", 0, 1ms);
  metrics.on_throttled("s", 30s);
  metrics.on_rate("s", 2.5);
  EXPECT_EQ(value_of(metrics, R"(affsync_requests_total{source="s",status="200"})"), 2);
  EXPECT_EQ(value_of(metrics, R"(affsync_requests_total{source="s",status="none"})"), 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_throttled_total{source="s"})"), 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_rate{source="s"})"), 2.5);
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
  EXPECT_EQ(value_of(metrics, R"(affsync_unreconciled{source="exness-main",stream="rewards"})"), 4);
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
    metrics.on_throttled(source, 1s);
    metrics.on_rate(source, 1);
  }
  metrics.keep_sources({"kept", "new"});
  auto const text = metrics.render();
  EXPECT_EQ(text.find("\"gone\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"kept\""), std::string::npos);
}

TEST(Metrics, a_source_name_with_quotes_and_line_breaks_stays_one_label) {
  Metrics metrics(at(1));
  metrics.on_rate("a\"b\\c\nd", 1);
  EXPECT_EQ(value_of(metrics, R"(affsync_request_rate{source="a\"b\\c\nd"})"), 1);
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

// Renaming a metric breaks dashboards and alerts: metric_names.txt is to be edited by hand.
TEST(Metrics, names_types_and_labels_are_those_of_the_golden_file) {
  Metrics metrics(at(1));
  auto failed = report_of(RunStatus::failed);
  failed.error = Error(ErrorCode::timeout, "slow");
  metrics.on_run_ended(failed);
  metrics.on_run_ended(report_of(RunStatus::succeeded));
  metrics.on_request("s", 200, 1ms);
  metrics.on_throttled("s", 1s);
  metrics.on_rate("s", 1);
  schema::StreamHealth health;
  health.source = "exness-main";
  health.stream = "rewards";
  metrics.on_health({health});

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
  golden << std::ifstream(AFFSYNC_SOURCE_DIR "/tests/unit/serve/metric_names.txt").rdbuf();
  EXPECT_EQ(found, golden.str());
}

}  // namespace
}  // namespace affsync::serve
