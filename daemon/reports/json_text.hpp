// Helpers that make JSON values for `--output json`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace affsync::reports {

inline Json json_count(std::int64_t value) {
  return Json::number(std::to_string(value));
}
inline Json json_count_or_null(std::optional<std::int64_t> value) {
  return value ? json_count(*value) : Json();
}
inline Json json_text(std::string_view text) {
  return Json::string(std::string(text));
}
// An empty text becomes null.
inline Json json_text_or_null(std::string_view text) {
  return text.empty() ? Json() : json_text(text);
}
inline Json json_day_or_null(std::optional<Day> day) {
  return day ? Json::string(format_day(*day)) : Json();
}
inline Json json_time_or_null(std::optional<TimePoint> time) {
  return time ? Json::string(format_time(*time)) : Json();
}

}  // namespace affsync::reports
