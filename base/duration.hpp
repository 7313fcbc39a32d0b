// Durations as users write them: a whole number and a unit, "30s", "15m", "6h", "1d". Pure code.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace affsync {

// Returns the length of the unit s, m, h or d; nullopt for another letter.
std::optional<std::chrono::seconds> unit_length(char letter);

// Returns the duration in the largest unit that leaves no remainder; "0s".
std::string duration_text(std::chrono::seconds duration);

}  // namespace affsync
