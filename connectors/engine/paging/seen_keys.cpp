#include "connectors/engine/paging/seen_keys.hpp"

#include <algorithm>

namespace affsync::engine {

bool SeenKeys::in_run(std::size_t run, std::uint64_t key) const {
  auto const* const first = keys_.data() + begin_[run];
  auto const size = run_end(run) - begin_[run];
  if (size == 0) return false;
  // Keys are hashes and evenly distributed. So the expected index is a good guess, and a doubling
  // stride from there finds the bounds within a few cache lines.
  auto const guess = static_cast<std::size_t>(((key >> 32) * size) >> 32);
  std::size_t low = guess, high = guess;
  for (std::size_t stride = 8; low > 0 && first[low] > key; stride *= 2) {
    high = low;
    low -= std::min(low, stride);
  }
  for (std::size_t stride = 8; high < size && first[high] < key; stride *= 2) {
    low = high;
    high += std::min(size - high, stride);
  }
  auto const last = std::min(high + 1, size);
  return std::binary_search(first + low, first + last, key);
}

bool SeenKeys::contains(std::uint64_t key) const {
  for (std::size_t i = keys_.size(); i-- > tail_;) {
    if (keys_[i] == key) return true;
  }
  for (std::size_t run = runs; run-- > 0;) {
    if (in_run(run, key)) return true;
  }
  return false;
}

bool SeenKeys::insert(std::uint64_t key) {
  if (contains(key)) return false;
  if (keys_.size() == keys_.capacity()) {
    // Grow by a quarter instead of doubling, because unused capacity is memory too.
    keys_.reserve(std::max<std::size_t>(1024, keys_.size() + keys_.size() / 4));
  }
  keys_.push_back(key);
  if (keys_.size() - tail_ >= tail_limit) merge_tail();
  return true;
}

void SeenKeys::merge_tail() {
  auto const at = [this](std::size_t index) {
    return keys_.begin() + static_cast<std::ptrdiff_t>(index);
  };
  std::sort(at(tail_), keys_.end());
  std::inplace_merge(at(begin_[runs - 1]), at(tail_), keys_.end());
  tail_ = keys_.size();
  std::size_t limit = tail_limit * growth_per_run;
  for (std::size_t run = runs - 1; run > 0; --run, limit *= growth_per_run) {
    if (run_end(run) - begin_[run] < limit) break;
    std::inplace_merge(at(begin_[run - 1]), at(begin_[run]), at(run_end(run)));
    begin_[run] = run_end(run);
  }
}

void SeenKeys::clear() {
  keys_.clear();
  begin_ = {};
  tail_ = 0;
}

void SeenKeys::expect(std::size_t count) {
  // The count comes from the broker, so the memory that it may reserve is limited.
  constexpr std::size_t most = 8'000'000;
  keys_.reserve(std::min(count + count / 64, most));
}

std::vector<std::uint64_t> SeenKeys::take_sorted() {
  // Runs are sorted already; merging from the short end is cheap.
  auto const at = [this](std::size_t index) {
    return keys_.begin() + static_cast<std::ptrdiff_t>(index);
  };
  std::sort(at(tail_), keys_.end());
  std::inplace_merge(at(begin_[runs - 1]), at(tail_), keys_.end());
  for (std::size_t run = runs - 1; run > 0; --run) {
    std::inplace_merge(at(begin_[run - 1]), at(begin_[run]), keys_.end());
  }
  auto keys = std::move(keys_);
  clear();
  return keys;
}

}  // namespace affsync::engine
