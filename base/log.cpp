#include "base/log.hpp"

#include <algorithm>

namespace affsync {

LogField number_field(std::string key, std::int64_t number) {
  return {std::move(key), std::to_string(number), true};
}

Logger Logger::with(std::string key, std::string value) const {
  return with(LogField{std::move(key), std::move(value)});
}

Logger Logger::with(LogField field) const {
  Logger copy = *this;
  copy.bound_.push_back(std::move(field));
  return copy;
}

void Logger::debug(std::string_view text, std::initializer_list<LogField> fields) const {
  write(LogLevel::debug, text, fields);
}
void Logger::info(std::string_view text, std::initializer_list<LogField> fields) const {
  write(LogLevel::info, text, fields);
}
void Logger::warn(std::string_view text, std::initializer_list<LogField> fields) const {
  write(LogLevel::warn, text, fields);
}
void Logger::error(std::string_view text, std::initializer_list<LogField> fields) const {
  write(LogLevel::error, text, fields);
}

void Logger::write(LogLevel level, std::string_view text,
                   std::initializer_list<LogField> fields) const {
  if (!sink_->enabled(level)) return;
  std::vector<LogField> all = bound_;
  all.insert(all.end(), fields.begin(), fields.end());
  sink_->write(level, text, all);
}

void Logger::write_error(LogLevel level, Error const& error) const {
  if (!sink_->enabled(level)) return;
  std::vector<LogField> fields = bound_;
  auto add = [&](char const* key, std::string const& value) {
    bool const bound = std::any_of(bound_.begin(), bound_.end(),
                                   [&](LogField const& field) { return field.key == key; });
    if (!value.empty() && !bound) fields.push_back({key, value});
  };
  add("source", error.source);
  add("stream", error.stream);
  add("code", std::string(to_string(error.code)));
  add("where", error.where);
  add("hint", error.hint);
  sink_->write(level, error.message, fields);
}

}  // namespace affsync
