// Logging interface of the program: a sink (on spdlog in daemon/log, a list in tests) and Logger, a
// small value that adds bound fields such as source and stream.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace affsync {

enum class LogLevel { trace, debug, info, warn, error };

struct LogField {
  std::string key;
  std::string value;
  bool is_number = false;  // in JSON without quotes; never for money, which programs would round
};

LogField number_field(std::string key, std::int64_t number);

// Any thread may call it. Callers must never pass a secret.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual bool enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view text,
                     std::vector<LogField> const& fields) = 0;
};

// Cheap to copy. The sink must outlive it.
class Logger {
 public:
  explicit Logger(LogSink& sink) : sink_(&sink) {}

  // Returns a logger on the same sink with one more bound field.
  Logger with(std::string key, std::string value) const;
  Logger with(LogField field) const;

  void debug(std::string_view text, std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view text, std::initializer_list<LogField> fields = {}) const;
  void warn(std::string_view text, std::initializer_list<LogField> fields = {}) const;
  void error(std::string_view text, std::initializer_list<LogField> fields = {}) const;
  // Log an error with its code, location and hint as fields.
  void error(Error const& error) const { write_error(LogLevel::error, error); }
  void warn(Error const& error) const { write_error(LogLevel::warn, error); }

 private:
  void write(LogLevel level, std::string_view text, std::initializer_list<LogField> fields) const;
  void write_error(LogLevel level, Error const& error) const;
  LogSink* sink_;
  std::vector<LogField> bound_;
};

}  // namespace affsync
