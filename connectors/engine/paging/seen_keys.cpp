#include "connectors/engine/paging/seen_keys.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace affsync::engine {
namespace {

// At most 92 % of the slots are taken. A small table doubles, a large one grows by a tenth.
constexpr std::size_t most_taken = 23, of_slots = 25;
constexpr std::size_t least_home = ZeroedPages::words_per_page - 32;

// How far a key may be from its own slot. With so many slots taken, evenly distributed keys stay
// far below it. It bounds the time of a search and of an insertion whatever the keys are.
constexpr std::size_t reach = 8192;

// How much is copied before what was read is given back.
constexpr std::size_t words_per_step = std::size_t{1} << 17;

// A cleared table keeps its memory up to this size.
constexpr std::size_t words_kept = words_per_step;

constexpr std::size_t large_home = 65'536;
std::size_t next_home(std::size_t home) {
  if (home < least_home) return least_home;
  return home < large_home ? 2 * home : home + home / 10;
}

// Slots behind the home slots. A small table fills its pages.
std::size_t room_behind(std::size_t home) {
  return std::clamp<std::size_t>(home / 16, 32, 1024);
}

}  // namespace

std::size_t SeenKeys::slot_of(std::uint64_t key) const {
  return static_cast<std::size_t>(((key >> 32U) * home_) >> 32U);
}

bool SeenKeys::contains(std::uint64_t key) const {
  if (key == 0) return has_zero_;
  if (home_ == 0) return false;
  auto const own = slot_of(key);
  auto const* slot = slots_.data() + own;
  auto const* const end = slot + std::min(reach, slots_.size() - own);
  // An empty slot is 0 and becomes the largest number here.
  while (slot != end && *slot - 1 < key - 1) ++slot;
  if (slot != end && *slot == key) return true;
  return !crowd_.empty() && crowd_.contains(key);
}

void SeenKeys::prefetch(std::uint64_t key) const {
  if (home_ > 0) __builtin_prefetch(slots_.data() + slot_of(key), 1);
}

bool SeenKeys::insert(std::uint64_t key) {
  if (key == 0) {
    size_ += has_zero_ ? 0 : 1;
    return !std::exchange(has_zero_, true);
  }
  if (size_ * of_slots >= home_ * most_taken) grow_to(next_home(home_));
  if (!put(key)) return false;
  ++size_;
  return true;
}

// Returns false if the set has the key.
bool SeenKeys::put(std::uint64_t key) {
  auto const own = slot_of(key);
  auto* slot = slots_.data() + own;
  auto* const end = slot + std::min(reach, slots_.size() - own);
  while (slot != end && *slot - 1 < key - 1) ++slot;
  if (slot != end && *slot == key) return false;
  if (!crowd_.empty() && crowd_.contains(key)) return false;
  // The keys that move up are larger, so their own slots are no lower, and they stay within reach.
  auto* const gap = std::find(slot, end, std::uint64_t{0});
  if (gap == end) return crowd_.insert(key).second;
  std::memmove(slot + 1, slot, static_cast<std::size_t>(gap - slot) * sizeof *slot);
  *slot = key;
  return true;
}

void SeenKeys::grow_to(std::size_t home) {
  auto old = std::exchange(slots_, ZeroedPages(home + room_behind(home)));
  home_ = slots_.size() - room_behind(home);
  auto* const begin = slots_.data();
  auto* const end = begin + slots_.size();
  auto* next = begin;  // keys come in their order, so each follows the one before it
  for (std::size_t from = 0; from < old.size(); from += words_per_step) {
    auto const to = std::min(from + words_per_step, old.size());
    for (auto const* read = old.data() + from; read != old.data() + to; ++read) {
      if (*read == 0) continue;
      auto* const own = begin + slot_of(*read);
      next = std::max(next, own);
      if (next == end || next - own >= static_cast<std::ptrdiff_t>(reach)) {
        crowd_.insert(*read);
      } else {
        *next++ = *read;
      }
    }
    old.give_back(from, to);
  }
}

void SeenKeys::clear() {
  if (slots_.size() > words_kept) {
    slots_ = ZeroedPages();
    home_ = 0;
  } else if (size_ > 0) {
    std::fill_n(slots_.data(), slots_.size(), 0);
  }
  size_ = 0;
  has_zero_ = false;
  crowd_.clear();
}

void SeenKeys::expect(std::size_t count) {
  // The count comes from the broker, so the memory that it may reserve is limited. A larger table
  // grows as the keys come.
  constexpr std::size_t most = 250'000;
  auto const home = std::min(count, most) * of_slots / most_taken + 1;
  if (home > std::max(home_, least_home)) grow_to(home);
}

std::vector<std::uint64_t> SeenKeys::take_sorted() {
  std::vector<std::uint64_t> keys;
  keys.reserve(size_);
  if (has_zero_) keys.push_back(0);
  for (std::size_t from = 0; from < slots_.size(); from += words_per_step) {
    auto const to = std::min(from + words_per_step, slots_.size());
    std::copy_if(slots_.data() + from, slots_.data() + to, std::back_inserter(keys),
                 [](std::uint64_t key) { return key != 0; });
    if (slots_.size() > words_kept) slots_.give_back(from, to);
  }
  if (!crowd_.empty()) {
    auto const crowd = static_cast<std::ptrdiff_t>(keys.size());
    keys.insert(keys.end(), crowd_.begin(), crowd_.end());
    std::inplace_merge(keys.begin(), keys.begin() + crowd, keys.end());
  }
  clear();
  return keys;
}

std::size_t SeenKeys::memory_bytes() const {
  constexpr std::size_t bytes_in_crowd = 48;
  return slots_.size() * sizeof(std::uint64_t) + crowd_.size() * bytes_in_crowd;
}

}  // namespace affsync::engine
