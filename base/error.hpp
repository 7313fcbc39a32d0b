// The one vocabulary of errors, from the wire up to the exit status.
//
// What input or a peer can cause in pure code is a value: Result<T>. I/O failures travel as one
// exception type, Failure, which carries the same Error and is caught where a run ends.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <exception>
#include <string>
#include <string_view>

namespace affsync {

enum class ErrorCode {
  // what the user wrote
  usage,           // the command line
  config_invalid,  // the configuration or a connector file
  secret_missing,  // an unset environment variable, an unreadable secret file
  // the wire
  unknown_host,      // the name does not resolve
  connect_failed,    // refused, unreachable, reset before an answer
  tls_failed,        // handshake or verification
  timeout,           // a time limit of ours passed
  truncated,         // the connection ended inside an answer
  answer_too_large,  // body, header, nesting, row count or inflated size over the limit
  malformed_answer,  // not HTTP, not JSON, not of the expected shape
  redirected,        // the broker points to another place; never followed
  // what the broker says
  server_error,  // 5xx
  throttled,     // still throttled when the patience for it was used up
  auth_expired,
  auth_invalid,   // wrong credentials: the source stops
  login_refused,  // the login was refused in another way, or is not tried again yet
  permission_denied,
  not_found,
  bad_request,
  window_too_large,
  clock_skew,
  paging_broken,  // repeated page, offset not honoured, a list that keeps shifting
  path_unknown,   // the stream has no path until the user gives one
  // the books
  sweep_unverified,  // distinct rows differ from the broker's total
  mass_drop,         // too many rows vanished at once
  rows_quarantined,  // rows stand in quarantine that nobody has accepted
  mapping_failed,    // most rows of a pass do not map: the broker's answers have another shape
  totals_differ,     // the broker's totals differ from the rows by more than the tolerance
  coverage_gap,      // days that the broker no longer gives were never read
  // the database
  database_unavailable,
  database_error,
  database_full,
  migration_failed,
  lease_lost,  // another instance holds the stream now
  // the rest
  output_failed,  // standard output could not be written
  cancelled,
  internal,
};

// The stable word for a code: `throttled`, `tls_failed`; used in JSON, metrics and sync_run.
std::string_view to_string(ErrorCode code);

// The exit status that this error leads to when it ends a command: 1, 2 or 3 (docs/operations.md).
int to_exit_status(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // what happened, without the place
  std::string where;    // config file:line:column, or method and path of a request; may be empty
  std::string source;   // name in the configuration; may be empty
  std::string stream;   // may be empty
  std::string hint;     // what to do about it; may be empty

  Error() = default;
  Error(ErrorCode error_code, std::string text, std::string advice = {})
      : code(error_code), message(std::move(text)), hint(std::move(advice)) {}

  // These fill a field only where it is still empty, so that the innermost knowledge wins.
  Error& at(std::string_view place);
  Error& in(std::string_view source_name, std::string_view stream_name);

  // "exness-main/rewards: GET /api/…: message. hint" on one line.
  std::string to_line() const;
};

class Failure : public std::exception {
 public:
  explicit Failure(Error error);
  Failure(ErrorCode code, std::string message, std::string hint = {});
  Error const& error() const noexcept { return error_; }
  char const* what() const noexcept override { return line_.c_str(); }

 private:
  Error error_;
  std::string line_;
};

template <class T>
using Result = boost::system::result<T, Error>;

// Found by boost::system::result: value() on an error throws Failure.
[[noreturn]] void throw_exception_from_error(Error const& error, boost::source_location const&);

}  // namespace affsync
