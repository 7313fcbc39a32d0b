// Numbers rows of equal content within a slice, for keys made of the content. The numbers are the
// same whenever the slice is read: pages and parts go on counting, and a list that is read again
// begins where it began.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace affsync::engine {

class Occurrences {
 public:
  void begin_slice();
  // Begins the next list of the slice; what the lists before it had stays counted.
  void begin_list();
  // Begins the current list again.
  void begin_sweep();

  // Sets `numbers` to the number of each row of a page, from 1, by the hashes of their contents.
  // The same page once more, as from a broker that ignores paging, gets the numbers of rows that
  // were counted already.
  void number(std::vector<std::uint64_t> const& contents, std::vector<std::uint32_t>& numbers);
  // Returns true if rows of this sweep have equal contents.
  bool has_equal() const { return has_equal_; }

 private:
  struct Count {
    std::uint32_t before = 0;  // in the lists before the current one
    std::uint32_t now = 0;     // in all, by the current sweep
    std::uint64_t list = 0, sweep = 0;
  };
  Count& current(std::uint64_t content);

  std::unordered_map<std::uint64_t, Count> counts_;
  std::unordered_set<std::uint64_t> pages_;  // of this sweep
  std::uint64_t list_ = 0, sweep_ = 0;
  bool has_equal_ = false;
};

}  // namespace affsync::engine
