// Parses "3 недели назад" as an interval.
#include "connectors/engine/values/spoken/relative_times.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "connectors/engine/values/spoken/russian_dates.hpp"
#include "connectors/engine/values/spoken/russian_words.hpp"

namespace affsync::engine {
namespace {

using namespace std::chrono;

enum class Unit { second, minute, hour, day, week, month, year };

struct UnitWord {
  std::string_view word;
  Unit unit;
};

// Every word form that can follow a number or precede «назад», and the short forms. A Russian м is
// a month (a minute is мин), an English m is a minute.
constexpr UnitWord unit_words[] = {
    {"секунда", Unit::second}, {"секунду", Unit::second}, {"секунды", Unit::second},
    {"секунд", Unit::second},  {"сек", Unit::second},     {"с", Unit::second},
    {"second", Unit::second},  {"seconds", Unit::second}, {"sec", Unit::second},
    {"secs", Unit::second},    {"s", Unit::second},       {"минута", Unit::minute},
    {"минуту", Unit::minute},  {"минуты", Unit::minute},  {"минут", Unit::minute},
    {"мин", Unit::minute},     {"minute", Unit::minute},  {"minutes", Unit::minute},
    {"min", Unit::minute},     {"mins", Unit::minute},    {"m", Unit::minute},
    {"час", Unit::hour},       {"часа", Unit::hour},      {"часов", Unit::hour},
    {"ч", Unit::hour},         {"hour", Unit::hour},      {"hours", Unit::hour},
    {"hr", Unit::hour},        {"hrs", Unit::hour},       {"h", Unit::hour},
    {"день", Unit::day},       {"дня", Unit::day},        {"дней", Unit::day},
    {"дн", Unit::day},         {"д", Unit::day},          {"day", Unit::day},
    {"days", Unit::day},       {"d", Unit::day},          {"неделя", Unit::week},
    {"неделю", Unit::week},    {"недели", Unit::week},    {"недель", Unit::week},
    {"нед", Unit::week},       {"н", Unit::week},         {"week", Unit::week},
    {"weeks", Unit::week},     {"wk", Unit::week},        {"wks", Unit::week},
    {"w", Unit::week},         {"месяц", Unit::month},    {"месяца", Unit::month},
    {"месяцев", Unit::month},  {"мес", Unit::month},      {"м", Unit::month},
    {"month", Unit::month},    {"months", Unit::month},   {"mo", Unit::month},
    {"mos", Unit::month},      {"год", Unit::year},       {"года", Unit::year},
    {"лет", Unit::year},       {"г", Unit::year},         {"л", Unit::year},
    {"year", Unit::year},      {"years", Unit::year},     {"yr", Unit::year},
    {"yrs", Unit::year},       {"y", Unit::year},
};

// A span of time that is not yet tied to a calendar.
struct Span {
  std::int64_t months = 0;
  std::int64_t days = 0;
  seconds rest{};

  void add(Unit unit, std::int64_t count) {
    switch (unit) {
      case Unit::second:
        rest += seconds(count);
        break;
      case Unit::minute:
        rest += minutes(count);
        break;
      case Unit::hour:
        rest += hours(count);
        break;
      case Unit::day:
        days += count;
        break;
      case Unit::week:
        days += 7 * count;
        break;
      case Unit::month:
        months += count;
        break;
      case Unit::year:
        months += 12 * count;
        break;
    }
  }
};

// A span of at least `least` and less than `most`.
struct SpanRange {
  Span least;
  Span most;
};

std::optional<Unit> take_unit(DateTokens& tokens) {
  for (auto const& [word, unit] : unit_words) {
    if (tokens.take(word)) return unit;
  }
  return std::nullopt;
}

// "несколько секунд": websites write it for one second as well as for nearly a minute.
bool take_some_seconds(DateTokens& tokens) {
  auto ahead = tokens;
  bool const some =
      ahead.take("несколько") || (ahead.take("a") && ahead.take("few")) || ahead.take("few");
  if (!some || take_unit(ahead) != Unit::second) return false;
  tokens = ahead;
  return true;
}

// Takes one unit or several, each smaller than the one before: "1 год, 2 месяца и 3 дня".
std::optional<SpanRange> take_span(DateTokens& tokens) {
  SpanRange range;
  if (take_some_seconds(tokens)) {
    range.most.rest = minutes(1);
    return range;
  }
  std::optional<Unit> last;
  std::int64_t last_count = 0;
  bool several = false;
  for (;;) {
    auto ahead = tokens;
    if (last) ahead.take_any("и and");
    auto const number = ahead.take_number(1, 6);
    if (!number) ahead.take_any("a an один одну");
    auto const unit = take_unit(ahead);
    if (!unit) break;
    if (last && *unit >= *last) return std::nullopt;
    several = last.has_value();
    last = unit;
    last_count = number.value_or(1);
    range.least.add(*unit, last_count);
    tokens = ahead;
  }
  if (!last) return std::nullopt;
  range.most = range.least;
  if (*last == Unit::week && last_count == 4) {
    // There is no fifth week: a month is written then.
    range.most.days -= 28;
    range.most.add(Unit::month, 1);
  } else {
    range.most.add(*last, 1);
  }
  // Some write "1 секунду назад" for no time at all.
  if (*last == Unit::second && last_count == 1 && !several) range.least = Span();
  return range;
}

// Returns the same day and time `months` months away; nullopt beyond the years that can be stored.
// If the month has no such day: the first instant after it (`up`), or its last day.
std::optional<TimePoint> move_months(TimePoint wall, std::int64_t months, bool up) {
  auto const day = floor<days>(wall);
  year_month_day const date(day);
  std::int64_t const index = static_cast<int>(date.year()) * std::int64_t{12} +
                             static_cast<unsigned>(date.month()) - 1 + months;
  if (index < 12 || index >= 9999 * 12) return std::nullopt;
  year_month const target{year(static_cast<int>(index / 12)),
                          month(static_cast<unsigned>(index % 12 + 1))};
  year_month_day const wanted = target / date.day();
  if (wanted.ok()) return sys_days(wanted) + (wall - day);
  if (up) return sys_days((target + std::chrono::months(1)) / 1);
  return sys_days(target / last) + (wall - day);
}

int days_in(TimePoint wall, std::int64_t months) {
  auto const date = year_month_day(floor<days>(wall));
  auto const target = year_month(date.year(), date.month()) + std::chrono::months(months);
  return static_cast<int>(static_cast<unsigned>((target / last).day()));
}

// Returns the latest instant that some calendar counts as `months` before `wall`.
std::optional<TimePoint> latest_months_before(TimePoint wall, std::int64_t months) {
  auto moved = move_months(wall, -months, true);
  if (!moved || months == 0) return moved;
  // Some count whole months from the last day of a month to the last day of another.
  year_month_day const date(floor<days>(wall));
  if (date == date.year() / date.month() / last) {
    auto const to_last =
        move_months(floor<days>(wall) - days(static_cast<unsigned>(date.day()) - 1), -months, true);
    if (to_last) {
      auto const end = *to_last + days(days_in(*to_last, 0) - 1) + (wall - floor<days>(wall));
      moved = std::max(*moved, TimePoint(end));
    }
  }
  return moved;
}

// Returns the earliest instant that some calendar does not yet count as `months` full months ago.
std::optional<TimePoint> earliest_months_before(TimePoint wall, std::int64_t months) {
  auto moved = move_months(wall, -months, false);
  if (!moved || months == 0) return moved;
  // Some borrow the days of the month before `wall`, where it is short twice: from 31 January to 1
  // March they count 29 days, others a month and a day.
  year_month_day const date(floor<days>(wall));
  auto const first = floor<days>(wall) - days(static_cast<unsigned>(date.day()) - 1);
  auto const before = move_months(first, -months - 1, true);
  auto const borrowed = static_cast<int>(static_cast<unsigned>(date.day())) + days_in(wall, -1);
  if (before && borrowed <= days_in(*before, 0)) {
    moved = std::min(*moved, TimePoint(*before + days(borrowed - 1) + (wall - floor<days>(wall))));
  }
  return moved;
}

// Returns the later instant of a local time that occurs twice.
TimePoint to_latest_utc(Zone const& zone, TimePoint wall) {
  auto const first = zone.to_utc(wall);
  for (auto const shift : {minutes(30), minutes(60)}) {
    if (zone.to_wall(first + shift) == zone.to_wall(first)) return first + shift;
  }
  return first;
}

// One way in which a website may count.
struct Counting {
  bool days_by_calendar = false;  // if false, by 24 hours
  bool hours_by_wall = false;     // by the difference of two local times; if false, of two instants
  bool months_first = false;      // if false, last
  bool months_in_utc = false;     // if false, in the zone
};

// Moves by the part of the span that is not months.
TimePoint move_rest(TimePoint time, Span const& span, int sign, Counting const& counting,
                    bool outer_is_later, Zone const& zone) {
  auto const by_wall = [&](Duration distance) {
    auto const wall = zone.to_wall(time) + distance;
    return outer_is_later ? to_latest_utc(zone, wall) : zone.to_utc(wall);
  };
  if (span.rest != seconds(0)) {
    time = counting.hours_by_wall ? by_wall(span.rest * sign) : time + span.rest * sign;
  }
  if (span.days == 0) return time;
  auto const whole = days(span.days) * sign;
  return counting.days_by_calendar ? by_wall(whole) : time + whole;
}

std::optional<TimePoint> move_by_months(TimePoint time, std::int64_t months, bool ahead,
                                        bool outer_is_later, Zone const& zone) {
  auto const wall = zone.to_wall(time);
  if (!is_storable(wall)) return std::nullopt;
  auto const moved = ahead            ? move_months(wall, months, outer_is_later)
                     : outer_is_later ? latest_months_before(wall, months)
                                      : earliest_months_before(wall, months);
  if (!moved) return std::nullopt;
  return outer_is_later ? to_latest_utc(zone, *moved) : zone.to_utc(*moved);
}

// Moves `now` by the span, back or ahead, in every way that websites count, and returns the
// outermost result.
std::optional<TimePoint> move_time(TimePoint now, Span const& span, bool ahead, bool outer_is_later,
                                   Zone const& zone) {
  int const sign = ahead ? 1 : -1;
  Zone const utc;
  std::optional<TimePoint> outer;
  for (unsigned bits = 0; bits < 16; ++bits) {
    Counting const counting{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    // Skip ways that make no difference here.
    if (counting.days_by_calendar && span.days == 0) continue;
    if (counting.hours_by_wall && span.rest == seconds(0)) continue;
    if ((counting.months_first || counting.months_in_utc) && span.months == 0) continue;
    TimePoint time = now;
    for (bool const months_turn : {counting.months_first, !counting.months_first}) {
      if (!months_turn) {
        time = move_rest(time, span, sign, counting, outer_is_later, zone);
      } else if (span.months != 0) {
        auto const moved = move_by_months(time, span.months, ahead, outer_is_later,
                                          counting.months_in_utc ? utc : zone);
        if (!moved) return std::nullopt;
        time = *moved;
      }
    }
    if (!outer) outer = time;
    outer = outer_is_later ? std::max(*outer, time) : std::min(*outer, time);
  }
  return outer;
}

std::optional<SpokenTime> spoken_between(std::optional<TimePoint> earliest,
                                         std::optional<TimePoint> latest) {
  if (!earliest || !latest || !is_storable(*earliest) || !is_storable(*latest)) return std::nullopt;
  SpokenTime spoken;
  spoken.earliest = std::min(*earliest, *latest);
  spoken.latest = std::max(*earliest, *latest);
  return spoken;
}

// Parses "вчера": a day ago, or the calendar's yesterday.
std::optional<SpokenTime> read_day_word(DateTokens tokens, Zone const& zone, TimePoint now) {
  struct DayWord {
    std::string_view words;
    int away;
  };
  static constexpr DayWord day_words[] = {
      {"позавчера", -2},      {"вчера yesterday", -1}, {"сегодня today", 0},
      {"завтра tomorrow", 1}, {"послезавтра", 2},
  };
  for (auto const& [words, away] : day_words) {
    if (!tokens.take_any(words)) continue;
    if (!tokens.at_end()) return std::nullopt;
    auto const start = [&](int shift) {
      return zone.to_utc(TimePoint(zone.day_of(now) + days(shift)));
    };
    if (away == 0) return spoken_between(start(0), start(1));
    if (away < 0) return spoken_between(now + days(away - 1), start(away + 1));
    return spoken_between(start(away), now + days(away + 1));
  }
  return std::nullopt;
}

}  // namespace

std::optional<SpokenTime> read_relative_time(std::string_view text, Zone const& zone,
                                             TimePoint now) {
  auto const cut = cut_date_text(text);
  if (!cut || !is_storable(now)) return std::nullopt;
  DateTokens tokens(*cut);
  if (auto const day = read_day_word(tokens, zone, now)) return day;

  bool const just_now = (tokens.take("только") && tokens.take("что")) ||
                        (tokens.take("just") && tokens.take("now")) || tokens.take("сейчас");
  if (just_now) {
    if (!tokens.at_end()) return std::nullopt;
    return spoken_between(now - minutes(1), now);
  }
  bool ahead = tokens.take_any("через in");
  auto const range = take_span(tokens);
  if (!range) return std::nullopt;
  if (!ahead) {
    ahead = tokens.take("from") && tokens.take("now");
    if (!ahead && !tokens.take_any("назад ago")) return std::nullopt;
  }
  if (!tokens.at_end()) return std::nullopt;
  if (ahead) {
    return spoken_between(move_time(now, range->least, true, false, zone),
                          move_time(now, range->most, true, true, zone));
  }
  return spoken_between(move_time(now, range->most, false, false, zone),
                        move_time(now, range->least, false, true, zone));
}

}  // namespace affsync::engine
