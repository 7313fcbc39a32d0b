// Asks whether the tz database of this machine has a zone. Plans need nothing else of it.
#pragma once

#include <string_view>

namespace affsync::engine {

// Returns true if the zone exists; "UTC" does even without a tz database.
bool zone_exists(std::string_view name);

}  // namespace affsync::engine
