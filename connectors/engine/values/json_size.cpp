#include "connectors/engine/values/json_size.hpp"

namespace affsync::engine {

std::size_t count_values(Json const& json) {
  std::size_t count = 1;
  if (json.is_array()) {
    for (auto const& item : json.items()) count += count_values(item);
  } else if (json.is_object()) {
    for (auto const& member : json.members()) count += count_values(member.value);
  }
  return count;
}

}  // namespace affsync::engine
