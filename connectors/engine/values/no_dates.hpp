// Dates that mean that there is none: what databases and programs print where nothing was set.
#pragma once

#include <string_view>

namespace affsync::engine {

// "0000-00-00", "00.00.0000 00:00", "0001-01-01T00:00:00Z" (nothing in .NET, Go and others),
// "-0001-11-30…" (what PHP makes of zeros): a text that looks like a date and is none, wherever it
// stands.
bool is_zero_date(std::string_view text);

// The same, and a bare zero: of a field that is known to hold a date.
bool means_no_date(std::string_view text);

}  // namespace affsync::engine
