#include "daemon/cli/run_log.hpp"

namespace affsync::cli {

void RunLog::on_run_ended(RunReport const& report) {
  next_.on_run_ended(report);
  Logger const log = log_.with("source", report.source).with("stream", report.stream);
  if (report.error) {
    bool const ours = report.status == RunStatus::failed;
    if (ours) {
      log.error(*report.error);
    } else {
      log.warn(*report.error);
    }
  }
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
  using Method = void (Logger::*)(std::string_view, std::initializer_list<LogField>) const;
  write(changed ? static_cast<Method>(&Logger::info) : static_cast<Method>(&Logger::debug));
}

}  // namespace affsync::cli
