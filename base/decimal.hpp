// Decimal numbers as text: no binary floating point, no arithmetic that could round by accident.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync {

// The reason why a text is not a usable decimal.
enum class DecimalError { none, not_a_number, too_long, exponent_too_large };
std::string_view to_string(DecimalError error);

struct DecimalParse {
  DecimalError error = DecimalError::none;
  std::string text;  // what PostgreSQL's numeric takes, digits as given; exponents written out
};

// Takes a JSON number's own text or the content of a JSON string: optional sign, digits with an
// optional point, optional exponent. Blanks around are allowed, thousands separators are not.
// Every digit is kept, trailing zeros too ("1234.50" stays so); "1e-11" becomes "0.00000000001",
// "-0" becomes "0". Limits: 1,000 significant digits, a written-out length of 2,000.
DecimalParse parse_decimal(std::string_view input);

// Rounds a text made by parse_decimal half away from zero to `scale` digits after the point
// (0..50); shorter ones are left as they are.
std::string round_decimal(std::string_view decimal, int scale);

// Rounds as above where the number is what the nearest 32-bit float of the rounded one prints to as
// many places, with nine digits or all that it has: "190.36000061035" to 2 digits is "190.36".
// Anything else was meant, and stays, however near it lies: 13.9 prints 13.89999962,
// not 13.89999940. `least_noise`: digits that have to go, so that it is no accident; of exact
// amounts one in 10^least_noise is altered.
std::string round_float_noise(std::string_view decimal, int scale, std::size_t least_noise = 3);

// Moves the point of a text made by parse_decimal: shift 6 multiplies by a million, -2 divides by
// a hundred. No digit is lost.
std::string shift_decimal(std::string_view decimal, int shift);

// The exact sum of two texts made by parse_decimal, to as many places as the longer one has.
std::string add_decimals(std::string_view left, std::string_view right);

// 1 / `decimal` (a text made by parse_decimal), rounded half away from zero to 18 significant
// digits, without zeros at the end of a fraction: "0.25" -> "4", "3" -> "0.333333333333333333".
// Nothing for zero.
std::optional<std::string> invert_decimal(std::string_view decimal);

}  // namespace affsync
