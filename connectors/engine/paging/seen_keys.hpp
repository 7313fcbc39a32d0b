// A set of 64-bit keys of rows that were seen: 8 bytes a key, in one vector that can be moved out
// without a copy.
//
// The vector holds a few sorted runs, each much shorter than the one before it, and a short
// unsorted tail. A full run is merged into the run before it, so each key is moved a bounded number
// of times.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace affsync::engine {

class SeenKeys {
 public:
  bool contains(std::uint64_t key) const;
  // Returns false if the set already has the key.
  bool insert(std::uint64_t key);
  std::size_t size() const { return keys_.size(); }
  void clear();
  // Reserves memory for `count` keys, so that growing does not need two vectors at the same time.
  void expect(std::size_t count);
  // Returns all keys, sorted; the set is empty afterwards.
  std::vector<std::uint64_t> take_sorted();
  std::size_t memory_bytes() const { return keys_.capacity() * sizeof(std::uint64_t); }

 private:
  static constexpr std::size_t tail_limit = 64;
  static constexpr std::size_t growth_per_run = 16;
  static constexpr std::size_t runs = 4;  // 64 * 16^3 keys in all runs but the first

  std::size_t run_end(std::size_t run) const { return run + 1 < runs ? begin_[run + 1] : tail_; }
  bool in_run(std::size_t run, std::uint64_t key) const;
  void merge_tail();

  std::vector<std::uint64_t> keys_;
  std::array<std::size_t, runs> begin_{};  // start of each run; the first run is the longest
  std::size_t tail_ = 0;                   // start of the unsorted tail
};

}  // namespace affsync::engine
