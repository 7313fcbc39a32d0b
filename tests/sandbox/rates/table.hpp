// What a euro was worth on any day: a function of seed, day and currency.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "tests/sandbox/fixed.hpp"

namespace affsync::sandbox::rates {

struct Currency {
  std::string_view code;
  Fixed per_euro;  // around which it moves
  bool reference;  // one of those of the European Central Bank
};

// By code; EUR is among them.
std::span<Currency const> all_currencies();
Currency const* find_currency(std::string_view upper_case_code);

// Units of the currency for one euro.
Fixed per_euro(Currency const& currency, Day day, std::uint64_t seed);
// No weekend and no holiday of the European payment system.
bool is_business_day(Day day);

// Rounded to the places in which the ECB and Frankfurter quote such a number.
Fixed quoted(Fixed rate);
// Exact to the last of eight places.
Fixed quotient(Fixed dividend, Fixed divisor);

}  // namespace affsync::sandbox::rates
