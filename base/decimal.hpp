// Decimal numbers as text. Uses no binary floating point and no arithmetic that could round by
// accident.
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
  std::string text;  // valid for PostgreSQL's numeric: digits as given, without an exponent
};

// Parses the text of a JSON number or the content of a JSON string: optional sign, digits with an
// optional point, optional exponent. Leading and trailing spaces and tabs are allowed, thousands
// separators are not. Keeps every digit, also trailing zeros ("1234.50"). "1e-11" becomes
// "0.00000000001", "-0" becomes "0". Limits: 1,000 digits, 2,000 characters without exponent.
DecimalParse parse_decimal(std::string_view input);

// Rounds a text from parse_decimal half away from zero to `scale` digits after the point (0..50).
// A number with fewer digits is returned unchanged.
std::string round_decimal(std::string_view decimal, int scale);

// Removes the noise of a 32-bit float: "190.36000061035" to 2 digits is "190.36". Rounds as above
// only if the float nearest to the rounded number, printed with as many digits, gives `decimal`
// exactly, and if `decimal` has at least nine significant digits or all digits of that float. Any
// other number is returned unchanged, however close it is: as a float, 13.9 prints as 13.89999962
// and never as 13.89999940. Rounding must remove at least `least_noise` digits, to rule out
// coincidence: of exact amounts, one in 10^least_noise is altered.
std::string round_float_noise(std::string_view decimal, int scale, std::size_t least_noise = 3);

// Moves the decimal point of a text from parse_decimal: shift 6 multiplies by a million, -2 divides
// by a hundred. Keeps every digit.
std::string shift_decimal(std::string_view decimal, int shift);

// Returns the exact sum of two texts from parse_decimal, with the decimal places of the longer one.
std::string add_decimals(std::string_view left, std::string_view right);

// Returns 1 / `decimal` (a text from parse_decimal), rounded half away from zero to 18 significant
// digits, without trailing zeros: "0.25" -> "4", "3" -> "0.333333333333333333". nullopt for zero.
std::optional<std::string> invert_decimal(std::string_view decimal);

}  // namespace affsync
