// How many digits behind the point the amounts of a currency have.
#pragma once

#include <string_view>

namespace affsync::engine {

// Digits that are kept of amounts in currencies that ISO 4217 does not know, such as BTC and USDT.
inline constexpr int digits_of_unknown_currency = 8;

// ISO 4217's minor unit of an upper-case code: 2 for RUB, 0 for JPY, 3 for KWD; the digits of an
// unknown currency for every other code (and for gold and the like, which have no minor unit).
int minor_unit_digits(std::string_view currency);

}  // namespace affsync::engine
