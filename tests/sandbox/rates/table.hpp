// The value of a euro on any day: a function of seed, day and currency.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "tests/sandbox/fixed.hpp"

namespace affsync::sandbox::rates {

struct Currency {
  std::string_view code;
  Fixed per_euro;  // the rate moves around this value
  bool reference;  // has a reference rate of the European Central Bank
};

// Ordered by code; includes EUR.
std::span<Currency const> all_currencies();
Currency const* find_currency(std::string_view upper_case_code);

// Units of the currency for one euro.
Fixed per_euro(Currency const& currency, Day day, std::uint64_t seed);
// Neither a weekend nor a holiday of the European payment system (TARGET).
bool is_business_day(Day day);

// Rounds to the decimals with which the ECB and Frankfurter quote such a number.
Fixed quoted(Fixed rate);
// Exact to the last of eight decimals.
Fixed quotient(Fixed dividend, Fixed divisor);

}  // namespace affsync::sandbox::rates
