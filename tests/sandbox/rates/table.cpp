// Computes rates, and the calendar of the central bank.
#include "tests/sandbox/rates/table.hpp"

#include <algorithm>
#include <array>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::rates {
namespace {

constexpr Fixed milli = fixed_one / 1000;
constexpr std::array currency_table{
    Currency{"AED", 3'966 * milli, false},      Currency{"AUD", 1'651 * milli, true},
    Currency{"BRL", 6'104 * milli, true},       Currency{"BTC", 1'650, false},
    Currency{"CAD", 1'489 * milli, true},       Currency{"CHF", 951 * milli, true},
    Currency{"CNY", 7'803 * milli, true},       Currency{"CZK", 25'120 * milli, true},
    Currency{"DKK", 7'460 * milli, true},       Currency{"ETH", 35'200, false},
    Currency{"EUR", 1'000 * milli, true},       Currency{"GBP", 853 * milli, true},
    Currency{"HKD", 8'407 * milli, true},       Currency{"HUF", 395'300 * milli, true},
    Currency{"IDR", 17'500'000 * milli, true},  Currency{"ILS", 4'011 * milli, true},
    Currency{"INR", 91'200 * milli, true},      Currency{"ISK", 150'100 * milli, true},
    Currency{"JPY", 163'400 * milli, true},     Currency{"KRW", 1'480'000 * milli, true},
    Currency{"KZT", 520'700 * milli, false},    Currency{"MXN", 19'810 * milli, true},
    Currency{"MYR", 4'920 * milli, true},       Currency{"NOK", 11'620 * milli, true},
    Currency{"NZD", 1'803 * milli, true},       Currency{"PHP", 62'100 * milli, true},
    Currency{"PLN", 4'302 * milli, true},       Currency{"RON", 4'974 * milli, true},
    Currency{"RUB", 98'500 * milli, false},     Currency{"SEK", 11'410 * milli, true},
    Currency{"SGD", 1'452 * milli, true},       Currency{"THB", 38'510 * milli, true},
    Currency{"TRY", 37'050 * milli, true},      Currency{"UAH", 44'720 * milli, false},
    Currency{"USD", 1'080 * milli, true},       Currency{"USDT", 1'081 * milli, false},
    Currency{"VND", 27'510'000 * milli, false}, Currency{"ZAR", 19'930 * milli, true}};

// Easter Sunday in the Gregorian calendar.
Day easter(int year) {
  int const golden = year % 19, century = year / 100;
  int const epact = (century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15) % 30;
  int const moon = epact - epact / 28 * (1 - 29 / (epact + 1) * ((21 - golden) / 11));
  int const weekday = (year + year / 4 + moon + 2 - century + century / 4) % 7;
  int const from_march = moon - weekday + 28;  // day of March
  return Day(std::chrono::year(year) / 3 / 1) + std::chrono::days(from_march - 1);
}

}  // namespace

std::span<Currency const> all_currencies() {
  return currency_table;
}

Currency const* find_currency(std::string_view code) {
  auto const* found = std::find_if(currency_table.begin(), currency_table.end(),
                                   [&](Currency const& one) { return one.code == code; });
  return found == currency_table.end() ? nullptr : found;
}

Fixed per_euro(Currency const& currency, Day day, std::uint64_t seed) {
  if (currency.code == "EUR") return fixed_one;
  // Interpolates linearly between weekly values and adds a small deviation, in millionths.
  auto const number = day.time_since_epoch().count() + 1'000'000;
  auto const index = static_cast<std::uint64_t>(&currency - currency_table.data());
  auto const week_value = [&](std::int64_t week) {
    return std::int64_t{Noise(seed + index, 'R', static_cast<std::uint64_t>(week)).below(40'001)} -
           20'000;
  };
  auto const week = number / 7;
  auto const begin = week_value(week);
  auto const moved = begin + (week_value(week + 1) - begin) * (number % 7) / 7;
  auto const beside =
      std::int64_t{Noise(seed + index, 'r', static_cast<std::uint64_t>(number)).below(1'001)} - 500;
  auto const millionths = 1'000'000 + moved + beside;
  return static_cast<Fixed>(static_cast<WideSum>(currency.per_euro) * millionths / 1'000'000);
}

bool is_business_day(Day day) {
  auto const weekday = std::chrono::weekday(day).c_encoding();
  if (weekday == 0 || weekday == 6) return false;
  std::chrono::year_month_day const date(day);
  auto const month = static_cast<unsigned>(date.month());
  auto const number = static_cast<unsigned>(date.day());
  if (number == 1 && (month == 1 || month == 5)) return false;
  if (month == 12 && (number == 25 || number == 26)) return false;
  auto const sunday = easter(static_cast<int>(date.year()));
  return day != sunday - std::chrono::days(2) && day != sunday + std::chrono::days(1);
}

Fixed quoted(Fixed rate) {
  int const places = rate > 5'000 * fixed_one    ? 0
                     : rate > 80 * fixed_one     ? 2
                     : rate > 20 * fixed_one     ? 3
                     : rate > fixed_one          ? 4
                     : rate > fixed_one / 10'000 ? 5
                                                 : 6;
  return round_fixed(rate, places);
}

Fixed quotient(Fixed dividend, Fixed divisor) {
  return static_cast<Fixed>((static_cast<WideSum>(dividend) * fixed_one + divisor / 2) / divisor);
}

}  // namespace affsync::sandbox::rates
