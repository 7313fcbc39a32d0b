#include "base/run_report.hpp"

namespace affsync {

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::succeeded:
      return "succeeded";
    case RunStatus::failed:
      return "failed";
    case RunStatus::partial:
      return "partial";
    case RunStatus::continued:
      return "continued";
    case RunStatus::skipped:
      return "skipped";
    case RunStatus::cancelled:
      return "cancelled";
  }
  return "failed";
}

std::chrono::milliseconds RunReport::duration() const {
  if (!finished_at) return std::chrono::milliseconds{0};
  return std::chrono::duration_cast<std::chrono::milliseconds>(*finished_at - started_at);
}

}  // namespace affsync
