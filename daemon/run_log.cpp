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
  log_.info("the database answers again", {{"runs_failed", std::to_string(met_)}});
  outage_.clear();
  met_ = 0;
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
    text += "; the broker asks to wait until " + format_time(*report.waiting_until);
  log_.with("source", report.source)
      .with("stream", report.stream)
      .info(text, {{"read", std::to_string(report.rows_read)},
                   {"requests", std::to_string(report.requests)}});
}

void RunLog::on_run_ended(RunReport const& report) {
  next_.on_run_ended(report);
  if (after_run_) after_run_();
  told_at_.erase({report.source, report.stream});
  Logger const log = log_.with("source", report.source).with("stream", report.stream);
  if (report.error) {
    bool const ours = report.status == RunStatus::failed;
    bool const away = report.error->code == ErrorCode::database_unavailable;
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
  auto const number = [](std::int64_t value) { return std::to_string(value); };
  bool const changed = report.inserted + report.updated + report.deleted + report.quarantined > 0;
  auto const write = [&](auto method) {
    (log.*method)("run " + std::string(to_string(report.status)),
                  {{"read", number(report.rows_read)},
                   {"inserted", number(report.inserted)},
                   {"updated", number(report.updated)},
                   {"deleted", number(report.deleted)},
                   {"quarantined", number(report.quarantined)},
                   {"requests", number(report.requests)},
                   {"ms", number(report.duration().count())}});
  };
  using LogMethod = void (Logger::*)(std::string_view, std::initializer_list<LogField>) const;
  write(changed ? static_cast<LogMethod>(&Logger::info) : static_cast<LogMethod>(&Logger::debug));
}

}  // namespace affsync
