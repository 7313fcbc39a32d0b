#include "daemon/sync/file_reports.hpp"

#include <algorithm>

namespace affsync::sync {
namespace {

int severity_of(RunStatus status) {
  switch (status) {
    case RunStatus::cancelled:
      return 4;
    case RunStatus::failed:
      return 3;
    case RunStatus::partial:
      return 2;
    case RunStatus::skipped:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

bool is_stored(RunStatus status) {
  return status == RunStatus::succeeded || status == RunStatus::partial;
}
bool is_stored(RunReport const& report) {
  return is_stored(report.status);
}

bool is_fault_of_file(RunReport const& report) {
  if (report.status != RunStatus::failed && report.status != RunStatus::skipped) return false;
  if (!report.error) return false;
  switch (report.error->code) {
    case ErrorCode::malformed_answer:
    case ErrorCode::answer_too_large:
    case ErrorCode::mapping_failed:
    case ErrorCode::bad_request:
    case ErrorCode::server_error:
    case ErrorCode::permission_denied:
    case ErrorCode::auth_expired:
    case ErrorCode::auth_invalid:
    case ErrorCode::throttled:
    case ErrorCode::window_too_large:
    case ErrorCode::paging_broken:
    case ErrorCode::not_found:
      return true;
    default:
      return false;
  }
}

bool is_fault_of_all(RunReport const& report) {
  if (report.status == RunStatus::cancelled) return true;
  if (is_stored(report) || !report.error) return false;
  switch (report.error->code) {
    case ErrorCode::config_invalid:
    case ErrorCode::secret_missing:
    case ErrorCode::clock_skew:
    case ErrorCode::path_unknown:
    case ErrorCode::database_unavailable:
    case ErrorCode::database_error:
    case ErrorCode::database_full:
    case ErrorCode::migration_failed:
    case ErrorCode::lease_lost:
    case ErrorCode::cancelled:
      return true;
    default:
      return false;
  }
}

void add_to(RunReport& sum, RunReport const& one) {
  sum.rows_read += one.rows_read;
  sum.inserted += one.inserted;
  sum.updated += one.updated;
  sum.unchanged += one.unchanged;
  sum.deleted += one.deleted;
  sum.quarantined += one.quarantined;
  sum.pages += one.pages;
  sum.bytes_received += one.bytes_received;
  if (one.window_from)
    sum.window_from = std::min(sum.window_from.value_or(*one.window_from), *one.window_from);
  if (one.window_to)
    sum.window_to = std::max(sum.window_to.value_or(*one.window_to), *one.window_to);
  if (severity_of(one.status) > severity_of(sum.status)) {
    sum.status = one.status;
    sum.error = one.error;
  }
  sum.finished_at = one.finished_at;
}

void name_failed(std::vector<std::string> const& files, RunReport& all) {
  constexpr std::size_t most = 10;
  if (files.size() < 2 || !all.error || all.status != RunStatus::failed) return;
  auto& text = all.error->message;
  for (std::size_t i = 1; i < std::min(files.size(), most); ++i) {
    text += (i == 1 ? "; also failed: " : ", ") + files[i];
  }
  if (files.size() > most) text += " and " + std::to_string(files.size() - most) + " more";
}

}  // namespace affsync::sync
