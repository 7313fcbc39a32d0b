// A table of 64-bit keys, each with a value or without, that takes hardly more memory than its
// entries, without a moment at which two large tables exist.
//
// The keys are hashes and evenly distributed. So the table has them in their order, with gaps: a
// key belongs at the slot that divides the table as the key divides all keys, and follows the
// smaller ones if they have taken it. A search ends at the first gap or larger key. The table grows
// by copying it once from its start to its end, and what was copied is given back on the way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/zeroed_pages.hpp"

namespace affsync {

// `Slot`: trivially copyable, of whole 64-bit words, and its first member is `std::uint64_t key`.
template <class Slot>
class KeySlots {
  static_assert(std::is_trivially_copyable_v<Slot> && std::is_standard_layout_v<Slot>);
  static_assert(offsetof(Slot, key) == 0 && sizeof(Slot) % sizeof(std::uint64_t) == 0);

 public:
  // Valid until the next insertion; nullptr if the table does not have the key.
  Slot const* find(std::uint64_t key) const;
  Slot* find(std::uint64_t key) { return const_cast<Slot*>(std::as_const(*this).find(key)); }
  // Returns the slot of the key, valid until the next insertion, and whether it is new; then
  // everything in it but the key is zero.
  std::pair<Slot*, bool> insert(std::uint64_t key);
  std::size_t size() const { return size_; }
  void clear();
  // Makes room for `count` keys, so that the table grows less often.
  void expect(std::size_t count);
  // Fetches the memory of a key that will be asked for soon.
  void prefetch(std::uint64_t key) const;
  // Calls `each` with all slots in the order of their keys; the table is empty afterwards.
  template <class Each>
  void take_sorted(Each each);
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t words = sizeof(Slot) / sizeof(std::uint64_t);
  // At most 92 % of the slots are taken. A small table doubles, a large one grows by a tenth.
  static constexpr std::size_t most_taken = 23, of_slots = 25;
  static constexpr std::size_t least_home = ZeroedPages::words_per_page / words - 32;
  static constexpr std::size_t large_home = 65'536;
  // How far a key may be from its own slot. With so many slots taken, evenly distributed keys stay
  // far below it. It bounds the time of a search and of an insertion whatever the keys are.
  static constexpr std::size_t reach = 8192;
  // How much is copied before what was read is given back.
  static constexpr std::size_t slots_per_step = (std::size_t{1} << 17) / words;
  // A cleared table keeps its memory up to this size.
  static constexpr std::size_t slots_kept = slots_per_step;

  static std::size_t next_home(std::size_t home) {
    if (home < least_home) return least_home;
    return home < large_home ? 2 * home : home + home / 10;
  }
  // Slots behind the home slots. A small table fills its pages.
  static std::size_t room_behind(std::size_t home) {
    return std::clamp<std::size_t>(home / 16, 32, 1024);
  }
  static Slot* slots_in(ZeroedPages& pages) { return reinterpret_cast<Slot*>(pages.data()); }

  std::size_t all_slots() const { return pages_.size() / words; }
  Slot const* begin() const { return reinterpret_cast<Slot const*>(pages_.data()); }
  Slot* begin() { return slots_in(pages_); }
  std::size_t own_slot(std::uint64_t key) const {
    return static_cast<std::size_t>(((key >> 32U) * home_) >> 32U);
  }
  void grow_to(std::size_t home);

  ZeroedPages pages_;     // the key of an empty slot is 0
  std::size_t home_ = 0;  // slots at which a key may belong; behind them is room for the last ones
  std::size_t size_ = 0;
  std::optional<Slot> zero_;  // of the key 0
  // Keys that found no slot near their own. Hashes never get here, but a broker may choose its ids
  // so that their hashes crowd.
  std::map<std::uint64_t, Slot> crowd_;
};

template <class Slot>
Slot const* KeySlots<Slot>::find(std::uint64_t key) const {
  if (key == 0) return zero_ ? &*zero_ : nullptr;
  if (home_ == 0) return nullptr;
  auto const own = own_slot(key);
  auto const* slot = begin() + own;
  auto const* const end = slot + std::min(reach, all_slots() - own);
  // An empty slot is 0 and becomes the largest number here.
  while (slot != end && slot->key - 1 < key - 1) ++slot;
  if (slot != end && slot->key == key) return slot;
  if (crowd_.empty()) return nullptr;
  auto const crowded = crowd_.find(key);
  return crowded == crowd_.end() ? nullptr : &crowded->second;
}

template <class Slot>
void KeySlots<Slot>::prefetch(std::uint64_t key) const {
  if (home_ > 0) __builtin_prefetch(begin() + own_slot(key), 1);
}

template <class Slot>
std::pair<Slot*, bool> KeySlots<Slot>::insert(std::uint64_t key) {
  Slot fresh{};
  fresh.key = key;
  if (key == 0) {
    bool const is_new = !zero_;
    if (is_new) {
      zero_ = fresh;
      ++size_;
    }
    return {&*zero_, is_new};
  }
  if (size_ * of_slots >= home_ * most_taken) grow_to(next_home(home_));
  auto const own = own_slot(key);
  auto* slot = begin() + own;
  auto* const end = slot + std::min(reach, all_slots() - own);
  while (slot != end && slot->key - 1 < key - 1) ++slot;
  if (slot != end && slot->key == key) return {slot, false};
  // The keys that move up are larger, so their own slots are no lower, and they stay within reach.
  auto* const gap = std::find_if(slot, end, [](Slot const& one) { return one.key == 0; });
  if (gap == end || (!crowd_.empty() && crowd_.contains(key))) {
    auto const [crowded, is_new] = crowd_.emplace(key, fresh);
    size_ += is_new ? 1 : 0;
    return {&crowded->second, is_new};
  }
  std::memmove(slot + 1, slot, static_cast<std::size_t>(gap - slot) * sizeof(Slot));
  *slot = fresh;
  ++size_;
  return {slot, true};
}

template <class Slot>
void KeySlots<Slot>::grow_to(std::size_t home) {
  auto old = std::exchange(pages_, ZeroedPages((home + room_behind(home)) * words));
  home_ = all_slots() - room_behind(home);
  auto* const first = begin();
  auto* const end = first + all_slots();
  auto* next = first;  // keys come in their order, so each follows the one before it
  auto* const old_first = slots_in(old);
  auto const old_slots = old.size() / words;
  for (std::size_t from = 0; from < old_slots; from += slots_per_step) {
    auto const to = std::min(from + slots_per_step, old_slots);
    for (auto const* read = old_first + from; read != old_first + to; ++read) {
      if (read->key == 0) continue;
      auto* const own = first + own_slot(read->key);
      next = std::max(next, own);
      if (next == end || next - own >= static_cast<std::ptrdiff_t>(reach)) {
        crowd_.emplace(read->key, *read);
      } else {
        *next++ = *read;
      }
    }
    old.give_back(from * words, to * words);
  }
}

template <class Slot>
void KeySlots<Slot>::clear() {
  if (all_slots() > slots_kept) {
    pages_ = ZeroedPages();
    home_ = 0;
  } else if (size_ > 0) {
    std::fill_n(pages_.data(), pages_.size(), 0);
  }
  size_ = 0;
  zero_.reset();
  crowd_.clear();
}

template <class Slot>
void KeySlots<Slot>::expect(std::size_t count) {
  // The count comes from the broker, so the memory that it may reserve is limited. A larger table
  // grows as the keys come.
  constexpr std::size_t most = 250'000;
  auto const home = std::min(count, most) * of_slots / most_taken + 1;
  if (home > std::max(home_, least_home)) grow_to(home);
}

template <class Slot>
template <class Each>
void KeySlots<Slot>::take_sorted(Each each) {
  if (zero_) each(*zero_);
  auto crowded = crowd_.begin();
  for (std::size_t from = 0; from < all_slots(); from += slots_per_step) {
    auto const to = std::min(from + slots_per_step, all_slots());
    for (auto const* slot = begin() + from; slot != begin() + to; ++slot) {
      if (slot->key == 0) continue;
      for (; crowded != crowd_.end() && crowded->first < slot->key; ++crowded) {
        each(crowded->second);
      }
      each(*slot);
    }
    if (all_slots() > slots_kept) pages_.give_back(from * words, to * words);
  }
  for (; crowded != crowd_.end(); ++crowded) each(crowded->second);
  clear();
}

template <class Slot>
std::size_t KeySlots<Slot>::memory_bytes() const {
  constexpr std::size_t bytes_of_node = 48;
  return pages_.size() * sizeof(std::uint64_t) + crowd_.size() * (sizeof(Slot) + bytes_of_node);
}

}  // namespace affsync
