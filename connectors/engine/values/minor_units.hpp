// Number of decimal digits of the amounts in a currency.
#pragma once

#include <optional>
#include <string_view>

namespace affsync::engine {

// Digits that are kept in amounts of currencies that ISO 4217 does not have, such as BTC and USDT.
inline constexpr int digits_of_unknown_currency = 8;

// Returns ISO 4217's minor unit of an upper-case code: 2 for RUB, 0 for JPY, 3 for KWD. Every other
// code (also gold and the like, which have no minor unit) gets digits_of_unknown_currency.
int minor_unit_digits(std::string_view currency);
// The same, but nullopt for every other code.
std::optional<int> iso_minor_unit_digits(std::string_view currency);

}  // namespace affsync::engine
