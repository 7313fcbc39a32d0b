// The forms in which templates show values: grouped numbers, amounts, times. Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::serve {

struct FormContext {
  TimePoint now{};
  std::string currency;  // of the row that an amount belongs to; may be empty
};

// Reads what format_time() writes.
std::optional<TimePoint> time_of(std::string_view text);

bool is_form(std::string_view form);

// Returns the value in that form; a value that the form does not fit is returned unchanged.
//   count    1234567 -> "1 234 567", with narrow no-break spaces
//   money    an amount in the currency of its row, rounded as reports are
//   usd      an amount in US dollars
//   plural   "" for 1, else "s"
//   ago      a time, relative to now: "3 min ago", "in 10 s"
//   moment   a time: "2026-11-26 12:03"
//   span     seconds: "3 days"
//   took     milliseconds: "12.3 s"
//   lasts    days: "3 days", "less than a day"
//   sentence amounts in it, like 1234.50 USD, are grouped
//   url      percent-encoded, for a segment of a path or the value of a parameter
std::string in_form(std::string_view form, std::string_view value, FormContext const& context);

}  // namespace affsync::serve
