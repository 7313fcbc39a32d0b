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

// Reads "2026-12-31", "tomorrow", "+7d", "7d", "+2w", "+3m" (months), "+1y", and a weekday: the
// next one, today excluded. nullopt for anything else; a date may be one of the past.
std::optional<Day> read_coming_day(std::string_view text, Day today);

// Throws Failure(usage) if nothing can have happened in these days: --since is after --until, or a
// day that has begun nowhere yet.
void refuse_days_without_rows(std::optional<Day> since, std::optional<Day> until, TimePoint now);

}  // namespace affsync::cli
