// Converts a broker's numbers to PostgreSQL's input text; no binary floating point. Every reader
// appends to `out` and returns the problem in words ("is not a number"), or an empty text on
// success; only then `out` is complete. `text` must have no blanks around it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::engine {

// Returns true if the number consists of digits, with or without a point, and has no trailing zero
// after it, so that no other spelling is shorter.
bool is_spelt_plainly(std::string_view text);
// Removes trailing zeros: "5.00" -> "5", "1.50" -> "1.5". `decimal` must come from parse_decimal.
std::string_view without_end_zeros(std::string_view decimal);

// Reads an exact decimal: moves the point right by `shift`, then rounds to `scale` digits if given.
std::string_view read_decimal(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out);

// Reads 1 divided by the decimal (after its shift), to 18 significant digits, then rounded to
// `scale`.
std::string_view read_inverse(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out);

// Does the same as read_decimal; a percent sign may follow the number.
std::string_view read_percent(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out);

// Reads a whole number of 64 bits; "12.00" and "1e3" are whole.
std::string_view read_integer(std::string_view text, std::string& out);

// Reads seconds or milliseconds since 1970; fractions are cut to microseconds.
std::string_view read_epoch(std::string_view text, bool milliseconds, TimePoint& out);

}  // namespace affsync::engine
