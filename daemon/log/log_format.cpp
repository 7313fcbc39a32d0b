#include "daemon/log/log_format.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "base/json.hpp"
#include "daemon/log/utf8.hpp"

namespace affsync::log {

namespace {

char const* colour_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
    case LogLevel::debug:
      return "\x1b[2m";
    case LogLevel::info:
      return "\x1b[32m";
    case LogLevel::warn:
      return "\x1b[33m";
    case LogLevel::error:
      return "\x1b[1;31m";
  }
  return "";
}

// The priority of syslog: 3 error, 4 warning, 6 info, 7 debug.
char priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
    case LogLevel::debug:
      return '7';
    case LogLevel::info:
      return '6';
    case LogLevel::warn:
      return '4';
    case LogLevel::error:
      return '3';
  }
  return '3';
}

// Appends `text` with control characters escaped as \n, \t or \u{1b}.
void append_visible(std::string& out, std::string_view text) {
  while (!text.empty()) {
    char32_t const code = take_code_point(text);
    if (!is_control(code)) {
      append_utf8(out, code);
    } else if (code == U'\n') {
      out += "\\n";
    } else if (code == U'\r') {
      out += "\\r";
    } else if (code == U'\t') {
      out += "\\t";
    } else {
      char escape[16];
      std::snprintf(escape, sizeof escape, "\\u{%x}", static_cast<unsigned>(code));
      out += escape;
    }
  }
}

bool needs_quotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
           auto const byte = static_cast<unsigned char>(c);
           return byte <= 0x20 || byte == 0x7f || c == '"' || c == '=' || c == '\\';
         });
}

void append_value(std::string& out, std::string_view value) {
  if (!needs_quotes(value)) return append_visible(out, value);
  std::string escaped;
  for (char const c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  out += '"';
  append_visible(out, escaped);
  out += '"';
}

std::string_view value_of(std::vector<LogField> const& fields, std::string_view key) {
  for (auto const& field : fields) {
    if (field.key == key) return field.value;
  }
  return {};
}

// "exness-main/rewards: message key=value"
void append_body(std::string& out, LogRecord const& record) {
  auto const source = value_of(record.fields, "source");
  auto const stream = value_of(record.fields, "stream");
  append_visible(out, source);
  if (!source.empty() && !stream.empty()) out += '/';
  append_visible(out, stream);
  if (!source.empty() || !stream.empty()) out += ": ";
  append_visible(out, record.text);
  for (auto const& field : record.fields) {
    if (field.key == "source" || field.key == "stream") continue;
    out += ' ';
    append_visible(out, field.key);
    out += '=';
    append_value(out, field.value);
  }
}

std::string text_line(bool colour, LogRecord const& record) {
  using namespace std::chrono;
  auto const day = floor<days>(record.time);
  hh_mm_ss const clock(floor<milliseconds>(record.time - day));
  char time[32];
  std::snprintf(time, sizeof time, " %02d:%02d:%02d.%03d ", static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  std::string out = format_day(day) + time;
  auto const level = level_name(record.level);
  if (colour) out += colour_of(record.level);
  out += level;
  if (colour) out += "\x1b[0m";
  out.append(6 - level.size(), ' ');
  append_body(out, record);
  return out;
}

std::string json_line(LogRecord const& record) {
  std::string out = "{\"time\":\"" + format_time(record.time) + "\",\"level\":\"";
  out += level_name(record.level);
  out += "\",\"message\":";
  append_json_string(out, to_valid_utf8(record.text));
  std::vector<std::string> used = {"time", "level", "message"};
  for (auto const& field : record.fields) {
    // A key that occurs twice would make the object ambiguous.
    std::string key = to_valid_utf8(field.key);
    while (std::find(used.begin(), used.end(), key) != used.end()) key += '_';
    used.push_back(key);
    out += ',';
    append_json_string(out, key);
    out += ':';
    if (field.is_number) {
      out += field.value;
    } else {
      append_json_string(out, to_valid_utf8(field.value));
    }
  }
  out += '}';
  return out;
}

}  // namespace

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

std::string format_record(config::LogFormat format, bool colour, LogRecord const& record) {
  switch (format) {
    case config::LogFormat::json:
      return json_line(record);
    case config::LogFormat::journald: {
      std::string out = {'<', priority_of(record.level), '>'};
      append_body(out, record);
      return out;
    }
    case config::LogFormat::automatic:
    case config::LogFormat::text:
      break;
  }
  return text_line(colour, record);
}

std::vector<std::string> journal_entry(LogRecord const& record) {
  std::string message = "MESSAGE=";
  append_body(message, record);
  std::vector<std::string> entry{std::move(message),
                                 std::string("PRIORITY=") + priority_of(record.level),
                                 "SYSLOG_IDENTIFIER=affsync"};
  for (auto const& field : record.fields) {
    // journald takes names of capital letters, digits and underscores.
    std::string line = "AFFSYNC_";
    for (char const c : field.key) {
      bool const small = c >= 'a' && c <= 'z';
      bool const good = small || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      line += small ? static_cast<char>(c - 'a' + 'A') : good ? c : '_';
    }
    entry.push_back(line + "=" + to_valid_utf8(field.value));
  }
  return entry;
}

config::LogFormat choose_format(config::LogFormat wanted, char const* journal_stream, int fd) {
  if (wanted != config::LogFormat::automatic) return wanted;
  // The value is "device:inode". Compare it, since a program inherits the variable even if its
  // stderr was redirected.
  struct stat file = {};
  if (journal_stream == nullptr || fstat(fd, &file) != 0) return config::LogFormat::text;
  auto const ours = std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
  return ours == journal_stream ? config::LogFormat::journald : config::LogFormat::text;
}

}  // namespace affsync::log
