// Adds the keys of a page to those of its list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/seen_keys.hpp"

namespace affsync::engine {

struct PageKeys {
  std::size_t fresh = 0;     // distinct keys that the list did not have before
  std::size_t distinct = 0;  // distinct keys of the page
};

// `places` gets where each row was seen before this page: of the rows that were, the first `shared`
// of the page are in its overlap with the page before it.
PageKeys add_page(std::vector<std::uint64_t> const& keys, std::size_t shared, SeenKeys& seen,
                  std::vector<RowPlace>& places);

}  // namespace affsync::engine
