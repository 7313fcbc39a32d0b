#include "daemon/run_log.hpp"

namespace affsync {

namespace {

constexpr std::chrono::minutes progress_pause{1};

}  // namespace

bool RunLog::told_before(Error const& error) {
  ++met_;
  // The message changes during an outage (refused, starting up, read-only): log each one once.
  constexpr std::size_t most = 8;
  return outage_.size() >= most || !outage_.insert(error.message).second;
}

void RunLog::database_answered() {
  if (outage_.empty()) return;
  log_.info("the database answers again",
            {number_field("runs_failed", static_cast<std::int64_t>(met_))});
  outage_.clear();
  met_ = 0;
}

Logger RunLog::log_of(RunReport const& report) const {
  auto log = log_.with("source", report.source).with("stream", report.stream);
  return report.run_id == 0 ? log : log.with(number_field("run", report.run_id));
}

void RunLog::on_run_started(RunReport const& report) {
  next_.on_run_started(report);
  told_at_[{report.source, report.stream}] = std::chrono::steady_clock::now();
}

void RunLog::on_progress(RunReport const& report, std::optional<std::int64_t> expected) {
  next_.on_progress(report, expected);
  auto const now = std::chrono::steady_clock::now();
  auto& told_at = told_at_.try_emplace({report.source, report.stream}, now).first->second;
  if (now - told_at < progress_pause) return;
  told_at = now;
  std::string text = "still reading";
  if (report.reached) {
    text += ", up to " + format_day(*report.reached);
    if (report.window_to) text += " of " + format_day(*report.window_to);
  }
  if (report.waiting_until)
    text += "; throttled, so it waits until " + format_time(*report.waiting_until);
  log_of(report).info(
      text, {number_field("read", report.rows_read), number_field("requests", report.requests)});
}

void RunLog::on_run_ended(RunReport const& report) {
  next_.on_run_ended(report);
  if (after_run_) after_run_(report);
  told_at_.erase({report.source, report.stream});
  Logger const log = log_of(report);
  if (report.error) {
    bool const ours = report.status == RunStatus::failed;
    bool const away =
        report.error->code == ErrorCode::database_unavailable && !report.error->is_contended;
    // Daemons that share the work meet each other's leases all the time.
    bool const shared = report.error->code == ErrorCode::lease_lost && !ours;
    if (shared || (away && told_before(*report.error))) {
      log.debug(report.error->to_line());
    } else if (ours) {
      log.error(*report.error);
    } else {
      log.warn(*report.error);
    }
  }
  if (report.status == RunStatus::succeeded) database_answered();
  bool const changed = report.inserted + report.updated + report.deleted + report.quarantined > 0;
  auto const write = [&](auto method) {
    (log.*method)(
        "run " + std::string(to_string(report.status)),
        {number_field("read", report.rows_read), number_field("inserted", report.inserted),
         number_field("updated", report.updated), number_field("deleted", report.deleted),
         number_field("quarantined", report.quarantined), number_field("requests", report.requests),
         number_field("ms", report.duration().count())});
  };
  using LogMethod = void (Logger::*)(std::string_view, std::initializer_list<LogField>) const;
  write(changed ? static_cast<LogMethod>(&Logger::info) : static_cast<LogMethod>(&Logger::debug));
}

}  // namespace affsync
