// Times told by how long ago they were: "3 недели назад", "2 weeks ago". Nothing here throws on
// what a broker may send.
#pragma once

#include <optional>
#include <string_view>

#include "connectors/engine/values/spoken/spoken_time.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {

// How long ago, as seen at `now`: "3 недели назад", "через 2 часа", "год назад", "1 г. 2 мес.
// назад", "только что", "вчера", "2 weeks ago". A unit is rounded down by those who print it, so n
// units mean at least n and less than n + 1; months and years are those of `zone`'s calendar or of
// UTC's. Where printers differ (ends of months, clocks that are put forward or back, hours of the
// wall or true ones, whether yesterday begins at midnight), the interval allows for all of them.
// nullopt for anything else.
std::optional<SpokenTime> read_relative_time(std::string_view text, Zone const& zone,
                                             TimePoint now);

}  // namespace affsync::engine
