#include "base/error.hpp"

#include <utility>

namespace affsync {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return "usage";
    case ErrorCode::config_invalid:
      return "config_invalid";
    case ErrorCode::secret_missing:
      return "secret_missing";
    case ErrorCode::unknown_host:
      return "unknown_host";
    case ErrorCode::connect_failed:
      return "connect_failed";
    case ErrorCode::tls_failed:
      return "tls_failed";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::truncated:
      return "truncated";
    case ErrorCode::answer_too_large:
      return "answer_too_large";
    case ErrorCode::malformed_answer:
      return "malformed_answer";
    case ErrorCode::redirected:
      return "redirected";
    case ErrorCode::server_error:
      return "server_error";
    case ErrorCode::throttled:
      return "throttled";
    case ErrorCode::auth_expired:
      return "auth_expired";
    case ErrorCode::auth_invalid:
      return "auth_invalid";
    case ErrorCode::login_refused:
      return "login_refused";
    case ErrorCode::permission_denied:
      return "permission_denied";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::bad_request:
      return "bad_request";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::window_too_large:
      return "window_too_large";
    case ErrorCode::clock_skew:
      return "clock_skew";
    case ErrorCode::paging_broken:
      return "paging_broken";
    case ErrorCode::path_unknown:
      return "path_unknown";
    case ErrorCode::sweep_unverified:
      return "sweep_unverified";
    case ErrorCode::mass_drop:
      return "mass_drop";
    case ErrorCode::rows_quarantined:
      return "rows_quarantined";
    case ErrorCode::mapping_failed:
      return "mapping_failed";
    case ErrorCode::totals_differ:
      return "totals_differ";
    case ErrorCode::coverage_gap:
      return "coverage_gap";
    case ErrorCode::database_unavailable:
      return "database_unavailable";
    case ErrorCode::database_error:
      return "database_error";
    case ErrorCode::database_full:
      return "database_full";
    case ErrorCode::migration_failed:
      return "migration_failed";
    case ErrorCode::lease_lost:
      return "lease_lost";
    case ErrorCode::output_failed:
      return "output_failed";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

int to_exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::config_invalid:
    case ErrorCode::secret_missing:
      return 2;
    case ErrorCode::database_unavailable:
    case ErrorCode::migration_failed:
      return 3;
    default:
      return 1;
  }
}

Error& Error::at(std::string_view place) {
  if (where.empty()) where = place;
  return *this;
}

Error& Error::in(std::string_view source_name, std::string_view stream_name) {
  if (source.empty()) source = source_name;
  if (stream.empty()) stream = stream_name;
  return *this;
}

std::string Error::to_line() const {
  std::string line;
  if (!source.empty()) {
    line += source;
    if (!stream.empty()) line += "/" + stream;
    line += ": ";
  }
  if (!where.empty()) line += where + ": ";
  line += message;
  if (!hint.empty()) {
    if (!line.empty() && line.back() != '.' && line.back() != '!' && line.back() != '?')
      line += ".";
    line += " " + hint;
  }
  // Text from a peer or a library may contain line breaks, also at its end.
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

Failure::Failure(Error error) : error_(std::move(error)), line_(error_.to_line()) {}

Failure::Failure(ErrorCode code, std::string message, std::string hint)
    : Failure(Error(code, std::move(message), std::move(hint))) {}

void throw_exception_from_error(Error const& error, boost::source_location const&) {
  throw Failure(error);
}

}  // namespace affsync
