#include "connectors/engine/values/time_zone.hpp"

#include <date/tz.h>

#include <exception>
#include <string>

namespace affsync::engine {

bool zone_exists(std::string_view name) {
  if (name == "UTC") return true;
  if (name.empty()) return false;
  try {
    return date::locate_zone(std::string(name)) != nullptr;
  } catch (std::exception const&) {
    return false;  // the library throws if it has no such zone
  }
}

}  // namespace affsync::engine
