// Days on the command line: a date, or words that count from today. Performs no I/O.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::cli {

// Reads "2026-01-31", "today", "yesterday", "-7d", "-2w", "-3m" (months), "-1y", and a weekday such
// as "monday" or "mon": the latest one, today included. A month that is too short for the day gives
// its last day. nullopt for anything else.
std::optional<Day> read_day_word(std::string_view text, Day today);

}  // namespace affsync::cli
