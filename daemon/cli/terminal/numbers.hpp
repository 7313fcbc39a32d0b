// Numbers and times as people read them. Amounts stay decimal text throughout: digits are moved,
// grouped and rounded, never converted. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::cli {

// "-1234567.5" -> "-1,234,567.5". The text is a decimal as PostgreSQL writes it; anything else is
// given back as it is ("NaN").
std::string group_thousands(std::string_view decimal);
std::string group_thousands(std::int64_t number);

// Takes zeros off the end of the fraction down to `min_scale` digits, and adds zeros up to there:
// ("1234.5000", 2) -> "1234.50", ("7", 2) -> "7.00".
std::string fit_scale(std::string_view decimal, int min_scale);

// An amount for a table: grouped, two digits after the point, eight for crypto currencies
// (`currency` decides; may be empty). What rounding would make nothing keeps its first two digits:
// "0.000012". `rounded` is set when a digit other than zero was left away, else not touched.
std::string shown_amount(std::string_view decimal, std::string_view currency,
                         bool* rounded = nullptr);

// "850 ms", "12.3 s", "4 m 05 s", "2 h 03 m", "3 d 04 h"
std::string shown_duration(std::chrono::milliseconds duration);
// One unit, for ages and waits: "12s", "3m", "5h", "2d". Negative ones count as zero.
std::string shown_age(std::chrono::seconds age);
// "2026-11-21 03:14", UTC; empty for none.
std::string shown_time(std::optional<TimePoint> time);

}  // namespace affsync::cli
