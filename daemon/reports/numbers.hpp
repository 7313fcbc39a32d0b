// Formats numbers and times for people. Amounts stay decimal text: digits are grouped and rounded,
// never converted to binary. Performs no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::reports {

// "-1234567.5" -> "-1,234,567.5". The text is a decimal in PostgreSQL's format; any other text is
// returned unchanged ("NaN").
std::string group_thousands(std::string_view decimal);
std::string group_thousands(std::int64_t number);

// Removes trailing zeros of the fraction, or adds some, but keeps at least `min_scale` digits of
// it:
// ("1234.5000", 2) -> "1234.50", ("7", 2) -> "7.00".
std::string fit_scale(std::string_view decimal, int min_scale);

// Formats an amount for a table: grouped, with two digits after the point, eight for crypto
// currencies (by `currency`, which may be empty). An amount that would round to zero keeps its
// first two significant digits: "0.000012". Sets `rounded` if a digit other than zero was dropped,
// else does not change it.
std::string shown_amount(std::string_view decimal, std::string_view currency,
                         bool* rounded = nullptr);

// "850 ms", "12.3 s", "4 m 05 s", "2 h 03 m", "3 d 04 h"
std::string shown_duration(std::chrono::milliseconds duration);
// "2026-11-21 03:14", UTC; empty for nullopt.
std::string shown_time(std::optional<TimePoint> time);

}  // namespace affsync::reports
