// Parses times relative to now: "3 недели назад", "2 weeks ago". Nothing here throws on what a
// broker may send.
#pragma once

#include <optional>
#include <string_view>

#include "connectors/engine/values/spoken/spoken_time.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {

// Parses a time relative to `now`: "3 недели назад", "через 2 часа", "год назад", "1 г. 2 мес.
// назад", "только что", "вчера", "2 weeks ago". Websites round a unit down, so n units mean at
// least n and less than n + 1. Months and years are calendar ones, in `zone` or in UTC. Websites
// differ in some cases (ends of months, daylight saving, local or elapsed hours, whether yesterday
// begins at midnight); the interval covers all variants. nullopt for anything else.
std::optional<SpokenTime> read_relative_time(std::string_view text, Zone const& zone,
                                             TimePoint now);

}  // namespace affsync::engine
