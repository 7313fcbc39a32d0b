#include "daemon/cli/day_words.hpp"

#include <charconv>
#include <string>

namespace affsync::cli {
namespace {

std::optional<Day> months_before(Day today, int count) {
  using namespace std::chrono;
  year_month_day const now{today};
  auto const month = year_month(now.year(), now.month()) - months(count);
  if (!month.ok() || int{month.year()} < 1900) return std::nullopt;
  year_month_day const same = month / now.day();
  return same.ok() ? Day(same) : Day(year_month_day_last(month / last));
}

// "-7d": so much before today.
std::optional<Day> before_today(std::string_view text, Day today) {
  if (text.size() < 3 || text.front() != '-') return std::nullopt;
  int count = 0;
  auto const digits = text.substr(1, text.size() - 2);
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (count < 0 || count > 36'500) return std::nullopt;
  switch (text.back()) {
    case 'd':
      return today - std::chrono::days(count);
    case 'w':
      return count > 5'000 ? std::nullopt : std::optional(today - std::chrono::days(7 * count));
    case 'm':
      return months_before(today, count);
    case 'y':
      return count > 200 ? std::nullopt : months_before(today, 12 * count);
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

std::optional<Day> read_day_word(std::string_view text, Day today) {
  std::string word(text);
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (word == "today") return today;
  if (word == "yesterday") return today - std::chrono::days(1);
  if (auto const day = before_today(word, today)) return day;
  if (auto const day = latest_weekday(word, today)) return day;
  return parse_day(word);
}

}  // namespace affsync::cli
