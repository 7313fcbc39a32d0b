#include "connectors/engine/rows/same_keys.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <unordered_map>

namespace affsync::engine {

bool may_repeat(std::vector<std::uint64_t> const& keys, std::vector<std::uint64_t>& table) {
  auto const slots = std::bit_ceil(2 * keys.size() + 1);
  auto const shift = 64 - std::countr_zero(slots);
  constexpr std::size_t longest_search = 64;  // keys that a broker has chosen may crowd
  table.assign(slots, 0);
  for (auto const key : keys) {
    if (key == 0) return true;  // an empty slot
    auto slot = static_cast<std::size_t>(key >> shift);
    std::size_t searched = 0;
    while (table[slot] != 0) {
      if (table[slot] == key || ++searched > longest_search) return true;
      slot = (slot + 1) & (slots - 1);
    }
    table[slot] = key;
  }
  return false;
}

std::vector<bool> last_of_their_key(std::vector<std::uint64_t> const& keys) {
  std::vector<bool> last(keys.size(), true);
  std::unordered_map<std::uint64_t, std::size_t> place;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto const [at, is_new] = place.try_emplace(keys[i], i);
    if (is_new) continue;
    last[at->second] = false;
    at->second = i;
  }
  return last;
}

}  // namespace affsync::engine
