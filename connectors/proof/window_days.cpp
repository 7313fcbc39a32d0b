#include "connectors/proof/window_days.hpp"

#include <time.h>

#include <charconv>
#include <cstdio>
#include <ctime>

#include "connectors/engine/paging/window.hpp"

namespace affsync::proof {
namespace {

using engine::WindowForm;
using engine::WindowSpec;

// Reads a time in the window's own format; fractions of a second do not matter here.
std::optional<TimePoint> in_format(std::string const& format, std::string const& text) {
  std::tm parts{};
  parts.tm_mday = 1;
  auto plain = format;
  for (std::string_view const fraction : {".%f", "%f", ".%L", "%L"}) {
    auto const at = plain.find(fraction);
    if (at != std::string::npos) plain = plain.substr(0, at);
  }
  if (strptime(text.c_str(), plain.c_str(), &parts) == nullptr) return std::nullopt;
  std::chrono::year_month_day const date(
      std::chrono::year(parts.tm_year + 1900),
      std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
      std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  if (!date.ok()) return std::nullopt;
  return TimePoint(Day(date)) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

std::optional<Day> day_asked(WindowSpec const& window, std::string const& text) {
  if (!window.format.empty()) {
    auto const time = in_format(window.format, text);
    return time ? std::optional(std::chrono::floor<std::chrono::days>(*time)) : std::nullopt;
  }
  return parse_day(window.by_month() ? text + "-01" : text);
}

std::optional<TimePoint> instant(WindowSpec const& window, std::string const& text) {
  if (window.form == WindowForm::datetime) {
    return in_format(window.format.empty() ? "%Y-%m-%dT%H:%M:%S" : window.format, text);
  }
  std::int64_t count = 0;
  auto const* const last = text.data() + text.size();
  auto const [stop, flaw] = std::from_chars(text.data(), last, count);
  if (flaw != std::errc{} || stop != last) return std::nullopt;
  if (window.form == WindowForm::epoch_milliseconds) {
    return TimePoint(std::chrono::milliseconds(count));
  }
  return TimePoint(std::chrono::seconds(count));
}

Day end_of_month_of(Day day) {
  std::chrono::year_month_day const date(day);
  return Day(date.year() / date.month() / std::chrono::last);
}

}  // namespace

std::optional<DaySpan> days_asked(WindowSpec const& window, std::string const& from,
                                  std::string const& to) {
  if (!window.has_times()) {
    auto const first = day_asked(window, from);
    auto last = day_asked(window, to);
    if (!first || !last) return std::nullopt;
    if (window.to_exclusive && !window.to_parameter.empty()) {
      return DaySpan{*first, *last - std::chrono::days(1)};
    }
    return DaySpan{*first, window.by_month() ? end_of_month_of(*last) : *last};
  }
  auto first = instant(window, from), last = instant(window, to);
  if (!first || !last) return std::nullopt;
  // A request that reaches back into the last moment of a day does not mean that day.
  *first += std::chrono::seconds(1);
  if (window.to_exclusive) *last -= std::chrono::milliseconds(1);
  // A format of its own is written by the clocks of the zone, unless it has an offset.
  bool const wall = window.form == WindowForm::datetime && !window.format.empty();
  auto const day_of = [&](TimePoint time) {
    return wall ? std::chrono::floor<std::chrono::days>(time) : engine::today_in(window.zone, time);
  };
  return DaySpan{day_of(*first), day_of(*last)};
}

}  // namespace affsync::proof
