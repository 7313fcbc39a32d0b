#include "connectors/proof/window_days.hpp"

#include <charconv>
#include <cstdio>

#include "connectors/engine/paging/window.hpp"

namespace affsync::proof {
namespace {

using engine::WindowForm;

std::optional<TimePoint> instant(WindowForm form, std::string const& text) {
  if (form == WindowForm::datetime) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute,
                    &second) != 6) {
      return std::nullopt;
    }
    auto const date = parse_day(text.substr(0, 10));
    if (!date) return std::nullopt;
    return TimePoint(*date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
  }
  std::int64_t count = 0;
  auto const* const last = text.data() + text.size();
  auto const [stop, flaw] = std::from_chars(text.data(), last, count);
  if (flaw != std::errc{} || stop != last) return std::nullopt;
  if (form == WindowForm::epoch_milliseconds) return TimePoint(std::chrono::milliseconds(count));
  return TimePoint(std::chrono::seconds(count));
}

}  // namespace

std::optional<DaySpan> days_asked(engine::WindowSpec const& window, std::string const& from,
                                  std::string const& to) {
  if (window.form == WindowForm::day) {
    auto const first = parse_day(from), last = parse_day(to);
    if (!first || !last) return std::nullopt;
    return DaySpan{*first, window.to_exclusive ? *last - std::chrono::days(1) : *last};
  }
  auto first = instant(window.form, from), last = instant(window.form, to);
  if (!first || !last) return std::nullopt;
  // A request that reaches back into the last moment of a day does not mean that day.
  *first += std::chrono::seconds(1);
  if (window.to_exclusive) *last -= std::chrono::milliseconds(1);
  return DaySpan{engine::today_in(window.zone, *first), engine::today_in(window.zone, *last)};
}

}  // namespace affsync::proof
