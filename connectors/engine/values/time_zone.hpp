// Whether the tz database of this machine knows a zone. The only question that plans ask of it.
#pragma once

#include <string_view>

namespace affsync::engine {

// "UTC" exists even where there is no tz database.
bool zone_exists(std::string_view name);

}  // namespace affsync::engine
