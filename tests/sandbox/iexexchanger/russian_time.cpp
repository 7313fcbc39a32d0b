// Russian months, units and plural forms.
#include "tests/sandbox/iexexchanger/russian_time.hpp"

#include <date/tz.h>

#include <array>

namespace affsync::sandbox::iexexchanger {
namespace {

constexpr std::array<std::string_view, 12> months_of{"января",   "февраля", "марта",  "апреля",
                                                     "мая",      "июня",    "июля",   "августа",
                                                     "сентября", "октября", "ноября", "декабря"};

struct UnitWords {
  std::string_view one, few, many;
};
constexpr UnitWords second_words{"секунду", "секунды", "секунд"};
constexpr UnitWords minute_words{"минуту", "минуты", "минут"};
constexpr UnitWords hour_words{"час", "часа", "часов"};
constexpr UnitWords day_words{"день", "дня", "дней"};
constexpr UnitWords week_words{"неделю", "недели", "недель"};
constexpr UnitWords month_words{"месяц", "месяца", "месяцев"};
constexpr UnitWords year_words{"год", "года", "лет"};

std::string_view form(UnitWords const& words, long n) {
  if (n % 10 == 1 && n % 100 != 11) return words.one;
  bool const teen = n % 100 >= 12 && n % 100 <= 14;
  return n % 10 >= 2 && n % 10 <= 4 && !teen ? words.few : words.many;
}

struct Local {
  std::chrono::sys_days day;  // local day
  std::chrono::year_month_day date;
  std::chrono::seconds time;  // local time of day
};

Local local_time(TimePoint time, std::string const& zone) {
  auto const info =
      date::locate_zone(zone)->get_info(std::chrono::floor<std::chrono::seconds>(time));
  auto const shifted = std::chrono::floor<std::chrono::seconds>(time) + info.offset;
  auto const day = std::chrono::floor<std::chrono::days>(shifted);
  return {day, day, shifted - day};
}

struct Elapsed {
  long count;
  UnitWords const* words;
};

// Requires `from` <= `to`. Counts whole months first, as PHP's DateTime::diff does.
Elapsed elapsed(TimePoint from, TimePoint to, std::string const& zone) {
  auto const a = local_time(from, zone);
  auto const b = local_time(to, zone);
  auto const month_number = [](std::chrono::year_month_day date) {
    return static_cast<int>(date.year()) * 12L + static_cast<unsigned>(date.month());
  };
  bool const later_in_month =
      b.date.day() > a.date.day() || (b.date.day() == a.date.day() && b.time >= a.time);
  long const months = month_number(b.date) - month_number(a.date) - (later_in_month ? 0 : 1);
  if (months >= 12) return {months / 12, &year_words};
  if (months > 0) return {months, &month_words};
  long const days = (b.day - a.day).count() - (b.time >= a.time ? 0 : 1);
  if (days >= 7) return {days / 7, &week_words};
  if (days > 0) return {days, &day_words};
  auto const seconds = std::chrono::floor<std::chrono::seconds>(to - from).count();
  if (seconds >= 3600) return {seconds / 3600, &hour_words};
  if (seconds >= 60) return {seconds / 60, &minute_words};
  return {seconds, &second_words};
}

}  // namespace

std::string absolute_text(TimePoint time, std::string const& zone) {
  auto const local = local_time(time, zone);
  auto const two = [](long value) {
    return std::string{static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
  };
  auto const minutes = local.time.count() / 60;
  return std::to_string(static_cast<unsigned>(local.date.day())) + " " +
         std::string(months_of[static_cast<unsigned>(local.date.month()) - 1]) + " " +
         std::to_string(static_cast<int>(local.date.year())) + " " + two(minutes / 60) + ":" +
         two(minutes % 60);
}

std::string relative_text(TimePoint time, TimePoint now, std::string const& zone, int carbon) {
  bool const past = time <= now;
  auto passed = past ? elapsed(time, now, zone) : elapsed(now, time, zone);
  if (passed.count == 0 && carbon < 3) passed.count = 1;
  auto const text =
      std::to_string(passed.count) + " " + std::string(form(*passed.words, passed.count));
  return past ? text + " назад" : "через " + text;
}

}  // namespace affsync::sandbox::iexexchanger
