// Error codes and error types of the whole program, from the network to the exit status.
//
// Pure code returns Result<T> for errors that input or a peer can cause. I/O code throws Failure,
// the only exception type for I/O errors; it carries the same Error and is caught where a run ends.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <exception>
#include <string>
#include <string_view>

namespace affsync {

enum class ErrorCode {
  // user input
  usage,           // the command line
  config_invalid,  // the configuration or a connector file
  secret_missing,  // an unset environment variable, an unreadable secret file
  // the network
  unknown_host,      // the name does not resolve
  connect_failed,    // refused, unreachable, reset before an answer
  tls_failed,        // handshake or verification
  timeout,           // one of our time limits was exceeded
  truncated,         // the connection ended within an answer
  answer_too_large,  // body, header, nesting, row count or inflated size over the limit
  malformed_answer,  // not HTTP, not JSON, not of the expected shape
  redirected,        // the broker answered with a redirect; redirects are never followed
  // answers of the broker
  server_error,  // 5xx
  throttled,     // still throttled when the time allowed for retries was used up
  auth_expired,
  auth_invalid,   // wrong credentials: the source stops
  login_refused,  // the login was refused for another reason, or must not be retried yet
  permission_denied,
  not_found,
  bad_request,
  refused,  // another 4xx: about the connection, the account or the client, not about the request
  window_too_large,
  clock_skew,
  paging_broken,  // repeated page, offset ignored, or a list that keeps shifting
  path_unknown,   // the stream has no path until the user configures one
  // consistency of the data
  sweep_unverified,  // the number of distinct rows differs from the broker's total
  mass_drop,         // too many rows vanished at once
  rows_quarantined,  // quarantine holds rows that no user has accepted
  mapping_failed,    // most rows of a pass cannot be mapped: the broker changed its answers
  totals_differ,     // the broker's totals differ from the rows by more than the tolerance
  coverage_gap,      // days that the broker no longer provides were never read
  // the database
  database_unavailable,
  database_error,
  database_full,
  migration_failed,
  lease_lost,  // another instance holds the stream now
  // other
  output_failed,  // standard output could not be written
  cancelled,
  internal,
};

// Returns the stable name of a code (`throttled`, `tls_failed`), used in JSON, metrics and
// sync_run.
std::string_view to_string(ErrorCode code);

// Returns the exit status of a command that ends with this error: 1, 2 or 3 (docs/operations.md).
int to_exit_status(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // what happened, without the location
  std::string where;    // config file:line:column, or method and path of a request; may be empty
  std::string source;   // name in the configuration; may be empty
  std::string stream;   // may be empty
  std::string hint;     // what the user should do; may be empty
  // A failure that the connector does not know: it cannot be the end of a list.
  bool is_unknown = false;
  // With database_unavailable: the server answers, and somebody else's work was in the way.
  bool is_contended = false;

  Error() = default;
  Error(ErrorCode error_code, std::string text, std::string advice = {})
      : code(error_code), message(std::move(text)), hint(std::move(advice)) {}

  // Set a field only if it is still empty, so that the innermost caller decides.
  Error& at(std::string_view place);
  Error& in(std::string_view source_name, std::string_view stream_name);

  // Returns "exness-main/rewards: GET /api/…: message. hint" on one line.
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

// boost::system::result finds this by argument-dependent lookup: value() on an error throws
// Failure.
[[noreturn]] void throw_exception_from_error(Error const& error, boost::source_location const&);

}  // namespace affsync
