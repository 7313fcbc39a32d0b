#include "connectors/engine/paging/seen_keys.hpp"

namespace affsync::engine {

std::vector<std::uint64_t> SeenKeys::take_sorted() {
  std::vector<std::uint64_t> keys;
  keys.reserve(size());
  slots_.take_sorted([&](Key const& slot) { keys.push_back(slot.key); });
  return keys;
}

}  // namespace affsync::engine
