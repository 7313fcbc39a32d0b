#include "daemon/sync/run_outcome.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace affsync::sync {

RunStatus status_of(Error const& error) {
  switch (error.code) {
    case ErrorCode::permission_denied:
    case ErrorCode::not_found:
    case ErrorCode::path_unknown:
    case ErrorCode::lease_lost:
      return RunStatus::skipped;
    case ErrorCode::cancelled:
      return RunStatus::cancelled;
    default:
      return RunStatus::failed;
  }
}

Error held_by(std::optional<schema::LeaseHolder> const& holder) {
  Error error(ErrorCode::lease_lost, "another affsync is reading this stream now");
  if (!holder) return error;
  error.message += ": " + to_text(*holder);
  auto const until = format_time(std::chrono::ceil<std::chrono::seconds>(holder->until));
  error.hint = "If it no longer runs, others may read the stream from " + until + " on.";
  return error;
}

Error error_of(std::exception_ptr const& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (Failure const& failure) {
    return failure.error();
  } catch (boost::system::system_error const& error) {
    if (error.code() == boost::asio::error::operation_aborted) {
      return Error(ErrorCode::cancelled, "the run was stopped before its end",
                   "The next run resumes where this one stopped.");
    }
    return Error(ErrorCode::internal, error.what());
  } catch (std::exception const& error) {
    return Error(ErrorCode::internal, error.what());
  }
}

}  // namespace affsync::sync
