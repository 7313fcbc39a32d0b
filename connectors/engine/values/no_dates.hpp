// Recognises dates that mean "no date": what databases and programs output for an unset value.
#pragma once

#include <string_view>

namespace affsync::engine {

// Returns true for a text that looks like a date but means "no date", in any field: "0000-00-00",
// "00.00.0000 00:00", "0001-01-01T00:00:00Z" (unset in .NET, Go and others), "-0001-11-30…" (what
// PHP makes of zeros).
bool is_zero_date(std::string_view text);

// Returns true for such a text or a bare zero; only for a field that is known to hold a date.
bool means_no_date(std::string_view text);

}  // namespace affsync::engine
