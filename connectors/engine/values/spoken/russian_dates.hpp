// Parses dates as people write them in Russian (English words work too), "11 мая 2024 09:42", and
// times relative to now, "3 недели назад". Nothing here throws on what a broker may send.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "connectors/engine/values/spoken/spoken_time.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {

// Parses a day with a month's name (genitive, nominative, short, English) and a year, or
// DD.MM.YYYY; with or without a time ("09:42", "г., 9:42", "в 9:42", "9:42 PM"). A time is in
// `zone`; a missing time means midnight. Also parses days relative to `now`: "вчера, в 9:42", "в
// прошлый вторник, в 9:42". nullopt for anything else.
std::optional<SpokenTime> read_named_date(std::string_view text, Zone const& zone, TimePoint now);

// Parses a named date or a relative time.
std::optional<SpokenTime> read_russian_time(std::string_view text, Zone const& zone, TimePoint now);

}  // namespace affsync::engine
