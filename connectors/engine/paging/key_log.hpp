// A set of hashes that is filled all the time and asked hardly ever: it only notes them, and
// becomes a table when it is asked for the first time. It keeps 40 bits of each, in five bytes: of
// five million hashes that it does not have, it takes some twenty for one that it has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/zeroed_pages.hpp"
#include "connectors/engine/paging/seen_keys.hpp"

namespace affsync::engine {

class KeyLog {
 public:
  void add(std::uint64_t hash);
  bool contains(std::uint64_t hash);
  void clear();

 private:
  void make_table();

  std::vector<ZeroedPages> notes_;
  std::size_t in_last_ = 0;  // bytes in the last of them; the others are full
  bool is_table_ = false;
  SeenKeys table_;
};

}  // namespace affsync::engine
