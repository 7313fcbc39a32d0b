// Writes times with strptime fields, for the parameters of requests.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::engine {

// Which parts of a time a format writes.
struct FormatFields {
  bool year = false, month = false, day = false;
  bool hour = false, minute = false, second = false, milliseconds = false;
  bool offset = false;     // from UTC
  bool ends_in_z = false;  // a Z behind a field, which says UTC
  std::string unknown;     // the first field that is not supported, such as "%j"; empty: none
};
FormatFields fields_of(std::string_view format);

// Returns why no date can be read by a format of strptime directives, as a sentence without a full
// stop; empty: one can.
std::string flaw_of_format(std::string_view format);

// Writes a local time, passed as if it were UTC. Fields: %Y %y %m %d %H %M %S, %f (three digits of
// milliseconds), %b (Jan), %z (+0300) and %%. Other characters are copied.
std::string format_wall(std::string_view format, TimePoint wall, std::chrono::minutes offset);

}  // namespace affsync::engine
