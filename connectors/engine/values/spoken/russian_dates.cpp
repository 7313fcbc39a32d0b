#include "connectors/engine/values/spoken/russian_dates.hpp"

#include <array>

#include "connectors/engine/values/spoken/relative_times.hpp"
#include "connectors/engine/values/spoken/russian_words.hpp"

namespace affsync::engine {
namespace {

using namespace std::chrono;
using Kind = DateToken::Kind;

// Genitive, nominative, short forms, English; folded, without dots.
constexpr std::array<std::string_view, 12> month_words = {
    "января январь янв january jan",
    "февраля февраль фев февр february feb",
    "марта март мар march mar",
    "апреля апрель апр april apr",
    "мая май may",
    "июня июнь июн june jun",
    "июля июль июл july jul",
    "августа август авг august aug",
    "сентября сентябрь сен сент september sep sept",
    "октября октябрь окт october oct",
    "ноября ноябрь ноя нояб november nov",
    "декабря декабрь дек december dec",
};

constexpr std::array<std::string_view, 7> weekday_words = {
    "воскресенье sunday", "понедельник monday", "вторник tuesday",  "среду wednesday",
    "четверг thursday",   "пятницу friday",     "субботу saturday",
};

template <std::size_t Count>
std::optional<unsigned> take_one_of(DateTokens& tokens,
                                    std::array<std::string_view, Count> const& words) {
  for (unsigned i = 0; i < Count; ++i) {
    if (tokens.take_any(words[i])) return i;
  }
  return std::nullopt;
}

std::optional<Day> existing_day(int of_year, unsigned of_month, int of_day) {
  year_month_day const date(year(of_year), month(of_month), day(static_cast<unsigned>(of_day)));
  if (of_year < 1 || !date.ok()) return std::nullopt;
  return sys_days(date);
}

// 11.05.2024
std::optional<Day> take_dotted_day(DateTokens& tokens) {
  auto const of_day = tokens.take_number(1, 2);
  if (!of_day || !tokens.take(".")) return std::nullopt;
  auto const of_month = tokens.take_number(1, 2);
  if (!of_month || !tokens.take(".")) return std::nullopt;
  auto const of_year = tokens.take_number(4, 4);
  if (!of_year) return std::nullopt;
  return existing_day(*of_year, static_cast<unsigned>(*of_month), *of_day);
}

// 11 мая 2024 г., May 11, 2024
std::optional<Day> take_day_in_words(DateTokens& tokens) {
  auto of_day = tokens.take_number(1, 2);
  auto const of_month = take_one_of(tokens, month_words);
  if (!of_month) return std::nullopt;
  if (!of_day) of_day = tokens.take_number(1, 2);
  auto const of_year = tokens.take_number(4, 4);
  if (!of_day || !of_year) return std::nullopt;
  tokens.take_any("г года год");
  return existing_day(*of_year, *of_month + 1, *of_day);
}

// Parses "вчера", "в прошлый вторник", relative to today in the zone.
std::optional<Day> take_day_from_now(DateTokens& tokens, Day today) {
  if (tokens.take_any("сегодня today")) return today;
  if (tokens.take_any("вчера yesterday")) return today - days(1);
  if (tokens.take_any("завтра tomorrow")) return today + days(1);
  tokens.take_any("в во");
  if (!tokens.take_any("прошлый прошлую прошлое last")) return std::nullopt;
  auto const of_week = take_one_of(tokens, weekday_words);
  if (!of_week) return std::nullopt;
  auto const back = weekday(today) - weekday(*of_week);
  return today - (back == days(0) ? days(7) : back);
}

struct TimeOfDay {
  seconds since_midnight{};
  Duration grain{};
};

// 09:42, в 9:42:30, at 9:42 PM
std::optional<TimeOfDay> take_time(DateTokens& tokens) {
  tokens.take_any("в at");
  auto hour = tokens.take_number(1, 2);
  if (!hour || !tokens.take(":")) return std::nullopt;
  auto const minute = tokens.take_number(2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  TimeOfDay time;
  time.grain = minutes(1);
  if (tokens.take(":")) {
    auto const second = tokens.take_number(2, 2);
    if (!second || *second > 59) return std::nullopt;
    time.since_midnight = seconds(*second);
    time.grain = seconds(1);
  }
  bool const morning = tokens.take("am");
  if (morning || tokens.take("pm")) {
    if (*hour < 1 || *hour > 12) return std::nullopt;
    *hour = *hour % 12 + (morning ? 0 : 12);
  }
  if (*hour > 23) return std::nullopt;
  time.since_midnight += hours(*hour) + minutes(*minute);
  return time;
}

}  // namespace

std::optional<SpokenTime> read_named_date(std::string_view text, Zone const& zone, TimePoint now) {
  auto const cut = cut_date_text(text);
  if (!cut) return std::nullopt;
  DateTokens tokens(*cut);
  std::optional<Day> found;
  // A day relative to now is an instant only together with a time.
  bool needs_time = false;
  if (tokens.peek().kind == Kind::number && tokens.peek(1).text == ".") {
    found = take_dotted_day(tokens);
  } else if (tokens.peek().kind == Kind::number || tokens.peek(1).kind == Kind::number) {
    found = take_day_in_words(tokens);
  }
  if (!found) {
    tokens = DateTokens(*cut);
    needs_time = true;
    found = take_day_from_now(tokens, zone.day_of(now));
  }
  if (!found) return std::nullopt;

  TimeOfDay time;
  time.grain = days(1);
  if (!tokens.at_end() || needs_time) {
    auto const taken = take_time(tokens);
    if (!taken || !tokens.at_end()) return std::nullopt;
    time = *taken;
  }
  SpokenTime spoken;
  spoken.exact = true;
  spoken.grain = time.grain;
  spoken.earliest = zone.to_utc(TimePoint(*found) + time.since_midnight);
  spoken.latest = spoken.earliest;
  if (!is_storable(spoken.earliest)) return std::nullopt;
  return spoken;
}

std::optional<SpokenTime> read_russian_time(std::string_view text, Zone const& zone,
                                            TimePoint now) {
  if (auto const named = read_named_date(text, zone, now)) return named;
  return read_relative_time(text, zone, now);
}

}  // namespace affsync::engine
