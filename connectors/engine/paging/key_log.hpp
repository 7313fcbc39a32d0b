// A set of 64-bit keys that is filled all the time and asked hardly ever: it only notes the keys,
// eight bytes each, and becomes a table when it is asked for the first time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/zeroed_pages.hpp"
#include "connectors/engine/paging/seen_keys.hpp"

namespace affsync::engine {

class KeyLog {
 public:
  void add(std::uint64_t key);
  bool contains(std::uint64_t key);
  void clear();

 private:
  void make_table();

  std::vector<ZeroedPages> notes_;
  std::size_t in_last_ = 0;  // keys in the last of them; the others are full
  bool is_table_ = false;
  SeenKeys table_;
};

}  // namespace affsync::engine
