// Formats of dates that cannot be told apart: "%m/%d/%Y" and "%d/%m/%Y".
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace affsync::engine {

// A text that two formats read, each as another day.
struct TwoDays {
  std::string text;
  Day first{}, second{};
};

// Returns such a text that is written by one of the two formats, with the days of both; nullopt if
// there is none. Each is "iso" or has strptime directives.
std::optional<TwoDays> read_as_two_days(std::string const& first, std::string const& second);

}  // namespace affsync::engine
