// Rows of a page that have the same key.
#pragma once

#include <cstdint>
#include <vector>

namespace affsync::engine {

// Returns false if no key occurs twice; rarely it returns true although none does. `table`: memory
// that is used again.
bool may_repeat(std::vector<std::uint64_t> const& keys, std::vector<std::uint64_t>& table);

// Returns for each row whether no later row has its key.
std::vector<bool> last_of_their_key(std::vector<std::uint64_t> const& keys);

}  // namespace affsync::engine
