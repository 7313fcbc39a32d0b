// Times as a Laravel application shows them to Russian readers: "11 мая 2024 09:42", and
// "3 недели назад" as Carbon's diffForHumans() gives it.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace affsync::sandbox::iexexchanger {

// The local time of `zone` (an IANA name); the day without a leading zero. UTF-8. Throws
// std::runtime_error for a zone that there is not.
std::string absolute_text(TimePoint time, std::string const& zone);

// How long before `now` it was (or how long after), by the largest unit that is not zero, cut off.
// Months and years are those of the calendar in `zone`. `carbon`: the major version, 2 or 3; they
// differ in the text for no time at all.
std::string relative_text(TimePoint time, TimePoint now, std::string const& zone, int carbon);

}  // namespace affsync::sandbox::iexexchanger
