// A set of 64-bit keys of rows that were seen, in nine to ten bytes a key, without a moment at
// which two large tables exist.
//
// The keys are hashes and evenly distributed. So the table has them in their order, with gaps: a
// key belongs at the slot that divides the table as the key divides all keys, and follows the
// smaller ones if they have taken it. A search ends at the first gap or larger key. The table grows
// by copying it once from its start to its end, and what was copied is given back on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "base/zeroed_pages.hpp"

namespace affsync::engine {

class SeenKeys {
 public:
  bool contains(std::uint64_t key) const;
  // Returns false if the set already has the key.
  bool insert(std::uint64_t key);
  std::size_t size() const { return size_; }
  void clear();
  // Makes room for `count` keys, so that the table grows less often.
  void expect(std::size_t count);
  // Fetches the memory of a key that will be asked for soon.
  void prefetch(std::uint64_t key) const;
  // Returns all keys, sorted; the set is empty afterwards.
  std::vector<std::uint64_t> take_sorted();
  std::size_t memory_bytes() const;

 private:
  std::size_t slot_of(std::uint64_t key) const;
  bool put(std::uint64_t key);
  void grow_to(std::size_t home);

  ZeroedPages slots_;     // an empty slot is 0
  std::size_t home_ = 0;  // slots at which a key may belong; behind them is room for the last ones
  std::size_t size_ = 0;
  bool has_zero_ = false;
  // Keys that found no slot near their own. Hashes never get here, but a broker may choose its ids
  // so that their hashes crowd.
  std::set<std::uint64_t> crowd_;
};

}  // namespace affsync::engine
