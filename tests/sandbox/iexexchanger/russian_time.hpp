// Times as a Laravel application shows them to Russian readers: "11 мая 2024 09:42", and "3 недели
// назад" as from Carbon's diffForHumans().
#pragma once

#include <string>

#include "base/clock.hpp"

namespace affsync::sandbox::iexexchanger {

// The local time in `zone` (an IANA name) as UTF-8; the day has no leading zero. Throws
// std::runtime_error for an unknown zone.
std::string absolute_text(TimePoint time, std::string const& zone);

// The distance from `now`, in the past or future, in the largest unit that is not zero, rounded
// down. Months and years follow the calendar in `zone`. `carbon`: the major version, 2 or 3; they
// differ in the text for a distance of zero.
std::string relative_text(TimePoint time, TimePoint now, std::string const& zone, int carbon);

}  // namespace affsync::sandbox::iexexchanger
