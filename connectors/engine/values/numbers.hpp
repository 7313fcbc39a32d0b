// Numbers of a broker as PostgreSQL takes them: texts in, texts out, no binary floating point.
// Every reader appends to `out` and returns the problem in words ("is not a number"), empty when
// all is well; `out` is then complete. `text` comes without blanks around it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::engine {

// Digits with or without a point, and no zero at the end behind it: no other spelling of the number
// is shorter.
bool is_spelt_plainly(std::string_view text);
// "5.00" -> "5", "1.50" -> "1.5"; of a text made by parse_decimal.
std::string_view without_end_zeros(std::string_view decimal);

// Exact decimal: the point moved right by `shift`, then rounded to `scale` digits where given.
std::string_view read_decimal(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out);

// 1 divided by the decimal (after its shift), to 18 significant digits, then rounded to `scale`.
std::string_view read_inverse(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out);

// The same as read_decimal with a percent sign allowed behind the number.
std::string_view read_percent(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out);

// A whole number of 64 bits; "12.00" and "1e3" are whole.
std::string_view read_integer(std::string_view text, std::string& out);

// Seconds or milliseconds since 1970, fractions of them cut to microseconds.
std::string_view read_epoch(std::string_view text, bool milliseconds, TimePoint& out);

}  // namespace affsync::engine
