// Dates as people write them in Russian (English words are understood too): "11 мая 2024 09:42",
// and relative to now: "3 недели назад". Nothing here throws on what a broker may send.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {

// What a text says of an instant: it lies in (earliest, latest].
struct SpokenTime {
  TimePoint earliest{};
  TimePoint latest{};
  bool exact = false;  // the text names an instant: earliest and latest are the same, and …
  Duration grain{};    // … it is told to this precision: a second, a minute, a day
};

// Named dates: a day with a month's name (genitive, nominative, short, English) and a year, or
// DD.MM.YYYY, with or without a time ("09:42", "г., 9:42", "в 9:42", "9:42 PM"); a time is of
// `zone`, and none is midnight. Also days named from `now`: "вчера, в 9:42",
// "в прошлый вторник, в 9:42". nullopt for anything else.
std::optional<SpokenTime> read_named_date(std::string_view text, Zone const& zone, TimePoint now);

// How long ago, as seen at `now`: "3 недели назад", "через 2 часа", "год назад", "1 г. 2 мес.
// назад", "только что", "вчера", "2 weeks ago". A unit is rounded down by those who print it, so n
// units mean at least n and less than n + 1; months and years are those of `zone`'s calendar or of
// UTC's. Where printers differ (ends of months, clocks that are put forward or back, hours of the
// wall or true ones, whether yesterday begins at midnight), the interval allows for all of them.
// nullopt for anything else.
std::optional<SpokenTime> read_relative_time(std::string_view text, Zone const& zone,
                                             TimePoint now);

// Either of the two.
std::optional<SpokenTime> read_russian_time(std::string_view text, Zone const& zone, TimePoint now);

}  // namespace affsync::engine
