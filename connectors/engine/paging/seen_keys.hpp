// A set of 64-bit keys of rows already seen: 8 bytes a key, in one vector that can be handed on
// without a copy.
//
// The vector is a few sorted runs one behind the other, each much shorter than the one before, and
// a short unsorted tail. A full run is merged into its neighbour, so that each key moves a bounded
// number of times.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace affsync::engine {

class SeenKeys {
 public:
  bool contains(std::uint64_t key) const;
  // False when the key was there already.
  bool insert(std::uint64_t key);
  std::size_t size() const { return keys_.size(); }
  void clear();
  // Room for that many keys at once, so that growing does not hold two vectors.
  void expect(std::size_t count);
  // All keys, sorted; the set is empty afterwards.
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
  std::array<std::size_t, runs> begin_{};  // begin of each run; the first is the longest
  std::size_t tail_ = 0;                   // begin of the unsorted tail
};

}  // namespace affsync::engine
