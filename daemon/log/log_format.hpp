// A log record as one line of text, JSON, or what journald reads from stderr. Pure.
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

// The line, without a line feed. `format` must not be `automatic`; `colour` matters to text only.
// Whatever a peer put into the text stays on this one line and moves no cursor: control characters
// are escaped, bytes that are no UTF-8 become U+FFFD.
//   text      2026-11-21 03:14:15.123 info  exness-main/rewards: message key=value key="a b"
//   json      {"time":"…Z","level":"info","message":"…","source":"…","key":"value"}
//   journald  <6>exness-main/rewards: message key=value
std::string format_record(config::LogFormat format, bool colour, LogRecord const& record);

// What `automatic` means: journald when `journal_stream` (the value of JOURNAL_STREAM; nullptr:
// unset) names the file behind `fd`, else text. Others are given back as they are.
config::LogFormat choose_format(config::LogFormat wanted, char const* journal_stream, int fd);

}  // namespace affsync::log
