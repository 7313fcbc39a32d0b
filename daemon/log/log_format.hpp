// Formats a log record as one line of text, of JSON, or of journald's format for stderr. Performs
// no I/O except that choose_format() asks about a file descriptor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/model.hpp"

namespace affsync::log {

struct LogRecord {
  TimePoint time{};
  LogLevel level = LogLevel::info;
  std::string_view text;
  std::vector<LogField> const& fields;
};

std::string_view level_name(LogLevel level);

// Returns the line, without a line feed. `format` must not be `automatic`; `colour` applies to text
// only. Text from a peer can neither break the line nor move the cursor: control characters are
// escaped, invalid UTF-8 becomes U+FFFD.
//   text      2026-11-21 03:14:15.123 info  exness-main/rewards: message key=value key="a b"
//   json      {"time":"…Z","level":"info","message":"…","source":"…","key":"value"}
//   journald  <6>exness-main/rewards: message key=value
std::string format_record(config::LogFormat format, bool colour, LogRecord const& record);

// Returns the entry for journald's own protocol, each field as NAME=value: MESSAGE (the body of the
// text form), PRIORITY, SYSLOG_IDENTIFIER, and every field of the record as AFFSYNC_<KEY>, such as
// AFFSYNC_SOURCE=exness-main.
std::vector<std::string> journal_entry(LogRecord const& record);

// Resolves `automatic`: journald if `journal_stream` (the value of JOURNAL_STREAM; nullptr if
// unset) names the file behind `fd`, else text. Returns other formats unchanged.
config::LogFormat choose_format(config::LogFormat wanted, char const* journal_stream, int fd);

}  // namespace affsync::log
