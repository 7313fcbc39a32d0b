// Parses five-field cron lines and finds their next matching time.
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "base/schedule.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"

namespace affsync {
namespace {

using namespace std::chrono;

constexpr std::string_view month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  int least;
  int most;
  std::span<std::string_view const> names;  // the first one means `least`
};
constexpr Field time_fields[] = {{"minute", 0, 59, {}},
                                 {"hour", 0, 23, {}},
                                 {"day", 1, 31, {}},
                                 {"month", 1, 12, month_names},
                                 {"weekday", 0, 7, weekday_names}};

Failure flaw(Field const& field, std::string const& what) {
  std::string takes = std::to_string(field.least) + " to " + std::to_string(field.most);
  if (!field.names.empty()) {
    takes += " or " + std::string(field.names.front()) + " to " + std::string(field.names.back());
  }
  return Failure(ErrorCode::config_invalid,
                 "the " + std::string(field.name) + " field of the cron line: " + what,
                 "It takes *, " + takes + ", ranges (1-5), steps (*/2) and lists (1,3).");
}

int parse_value(Field const& field, std::string_view text) {
  for (std::size_t i = 0; i < field.names.size(); ++i) {
    if (equal_without_case(text, field.names[i])) return field.least + static_cast<int>(i);
  }
  int value = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || text.front() == '-' || stop != end || error == std::errc::invalid_argument) {
    throw flaw(field, "not a valid number or name");
  }
  if (error != std::errc{} || value < field.least || value > field.most) {
    throw flaw(field, "a number out of its range");
  }
  return value;
}

// One item of a list: `*`, `5`, `1-5`, `*/10`, `8-18/2`.
void parse_item(Field const& field, std::string_view item, std::vector<bool>& set) {
  int step = 1;
  auto const slash = item.find('/');
  if (slash != std::string_view::npos) {
    auto const text = item.substr(slash + 1);
    auto const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, step);
    if (error != std::errc{} || stop != end || step < 1)
      throw flaw(field, "a step that is not a whole number of 1 or more");
    if (step > field.most) throw flaw(field, "a step larger than its range");
    item = item.substr(0, slash);
  }
  int from = field.least, to = field.most;
  auto const dash = item.find('-');
  if (dash != std::string_view::npos) {
    from = parse_value(field, item.substr(0, dash));
    to = parse_value(field, item.substr(dash + 1));
    bool const is_weekday = field.most == 7;
    if (is_weekday && to == 0 && from > 0) to = 7;  // "fri-sun"
    if (to < from) throw flaw(field, "a range that runs backwards");
  } else if (item != "*") {
    if (slash != std::string_view::npos) throw flaw(field, "a step needs * or a range before it");
    from = to = parse_value(field, item);
  }
  for (int value = from; value <= to; value += step) set[static_cast<std::size_t>(value)] = true;
}

std::vector<bool> parse_field(Field const& field, std::string_view text) {
  std::vector<bool> set(static_cast<std::size_t>(field.most) + 1);
  for (std::size_t from = 0;;) {
    auto const comma = text.find(',', from);
    parse_item(field, text.substr(from, comma - from), set);
    if (comma == std::string_view::npos) return set;
    from = comma + 1;
  }
}

template <std::size_t N>
void copy_to(std::bitset<N>& bits, std::vector<bool> const& set) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i]) bits.set(i % N);  // weekday 7 is 0
  }
}

std::vector<std::string_view> split_at_blanks(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0;;) {
    at = text.find_first_not_of(" \t", at);
    if (at == std::string_view::npos) return words;
    auto const end = text.find_first_of(" \t", at);
    words.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return words;
    at = end;
  }
}

}  // namespace

bool CronLine::matches(Day day) const {
  year_month_day const date(day);
  if (!months[static_cast<unsigned>(date.month())]) return false;
  bool const day_fits = days[static_cast<unsigned>(date.day())];
  bool const weekday_fits = weekdays[weekday(day).c_encoding()];
  return any_day || any_weekday ? day_fits && weekday_fits : day_fits || weekday_fits;
}

std::optional<TimePoint> CronLine::next(TimePoint time) const {
  if (minutes.none() || hours.none()) return std::nullopt;
  TimePoint const after = floor<std::chrono::minutes>(time) + std::chrono::minutes(1);
  Day const first = floor<std::chrono::days>(after);
  // A 29 February on a given weekday recurs within 40 years.
  Day const end = first + std::chrono::days(366 * 41);
  for (Day day = first; day < end; day += std::chrono::days(1)) {
    if (!matches(day)) continue;
    int const begin =
        day == first ? static_cast<int>(floor<std::chrono::minutes>(after - TimePoint(day)).count())
                     : 0;
    for (int minute = begin; minute < 24 * 60; ++minute) {
      if (!hours[static_cast<std::size_t>(minute / 60)]) {
        minute += 59 - minute % 60;
      } else if (minutes[static_cast<std::size_t>(minute % 60)]) {
        return TimePoint(day) + std::chrono::minutes(minute);
      }
    }
  }
  return std::nullopt;
}

Result<CronLine> parse_cron(std::string_view text) try {
  auto const words = split_at_blanks(text);
  if (words.size() != 5) {
    return Error(ErrorCode::config_invalid,
                 "a cron line of " + std::to_string(words.size()) + " fields",
                 "Write five: minute, hour, day of the month, month, weekday; times are UTC.");
  }
  std::array<std::vector<bool>, 5> sets;
  for (std::size_t i = 0; i < 5; ++i) sets[i] = parse_field(time_fields[i], words[i]);
  CronLine line;
  copy_to(line.minutes, sets[0]);
  copy_to(line.hours, sets[1]);
  copy_to(line.days, sets[2]);
  copy_to(line.months, sets[3]);
  copy_to(line.weekdays, sets[4]);
  line.any_day = words[2].front() == '*';
  line.any_weekday = words[4].front() == '*';
  if (!line.next(sys_days(year(2024) / January / 1))) {
    return Error(ErrorCode::config_invalid, "a cron line that never matches",
                 "The month does not have that day.");
  }
  return line;
} catch (Failure const& failure) {
  return failure.error();
}

}  // namespace affsync
