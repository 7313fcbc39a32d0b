#include "daemon/cli/day_words.hpp"

#include <charconv>
#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"

namespace affsync::cli {
namespace {

std::optional<Day> months_after(Day today, int count) {
  using namespace std::chrono;
  year_month_day const now{today};
  auto const month = year_month(now.year(), now.month()) + months(count);
  if (!month.ok() || int{month.year()} < 1900 || int{month.year()} > 9999) return std::nullopt;
  year_month_day const same = month / now.day();
  return same.ok() ? Day(same) : Day(year_month_day_last(month / last));
}

// "7d": so much after today, or before it if `sign` is -1.
std::optional<Day> away_from(Day today, std::string_view text, int sign) {
  if (text.size() < 2) return std::nullopt;
  int count = 0;
  auto const digits = text.substr(0, text.size() - 1);
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (count < 0 || count > 36'500) return std::nullopt;
  count *= sign;
  switch (text.back()) {
    case 'd':
      return today + std::chrono::days(count);
    case 'w':
      return std::abs(count) > 5'000 ? std::nullopt
                                     : std::optional(today + std::chrono::days(7 * count));
    case 'm':
      return months_after(today, count);
    case 'y':
      return std::abs(count) > 200 ? std::nullopt : months_after(today, 12 * count);
    default:
      return std::nullopt;
  }
}

std::optional<Day> latest_weekday(std::string_view text, Day today) {
  static constexpr std::string_view names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                               "thursday", "friday", "saturday"};
  for (unsigned number = 0; number < 7; ++number) {
    if (text != names[number] && text != names[number].substr(0, 3)) continue;
    return today - (std::chrono::weekday(today) - std::chrono::weekday(number));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Day> read_coming_day(std::string_view text, Day today) {
  auto const word = to_lower(text);
  if (word == "tomorrow") return today + std::chrono::days(1);
  auto const unsigned_word = word.starts_with('+') ? word.substr(1) : word;
  if (auto const day = away_from(today, unsigned_word, 1)) return day;
  if (auto const day = latest_weekday(word, today + std::chrono::days(7))) {
    return *day > today ? day : *day + std::chrono::days(7);
  }
  return parse_day(word);
}

std::optional<Day> read_day_word(std::string_view text, Day today) {
  auto const word = to_lower(text);
  if (word == "today") return today;
  if (word == "yesterday") return today - std::chrono::days(1);
  if (word.starts_with('-')) return away_from(today, std::string_view(word).substr(1), -1);
  if (auto const day = latest_weekday(word, today)) return day;
  return parse_day(word);
}

void refuse_days_without_rows(std::optional<Day> since, std::optional<Day> until, TimePoint now) {
  if (!since) return;
  if (until && *since > *until) throw Failure(ErrorCode::usage, "--since is later than --until");
  // A broker's day may have begun while it is still yesterday in UTC.
  constexpr std::chrono::hours easternmost_zone{14};
  if (*since <= std::chrono::floor<std::chrono::days>(now + easternmost_zone)) return;
  throw Failure(ErrorCode::usage, "--since " + format_day(*since) + " is in the future",
                "Nothing can have happened since then. Give a day that has begun.");
}

}  // namespace affsync::cli
