// A set of 64-bit keys of rows that were seen, in nine to ten bytes a key; see KeySlots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/key_slots.hpp"

namespace affsync::engine {

class SeenKeys {
 public:
  bool contains(std::uint64_t key) const { return slots_.find(key) != nullptr; }
  // Returns false if the set already has the key.
  bool insert(std::uint64_t key) { return slots_.insert(key).second; }
  std::size_t size() const { return slots_.size(); }
  void clear() { slots_.clear(); }
  // Makes room for `count` keys, so that the table grows less often.
  void expect(std::size_t count) { slots_.expect(count); }
  // Fetches the memory of a key that will be asked for soon.
  void prefetch(std::uint64_t key) const { slots_.prefetch(key); }
  // Returns all keys, sorted; the set is empty afterwards.
  std::vector<std::uint64_t> take_sorted();
  std::size_t memory_bytes() const { return slots_.memory_bytes(); }

 private:
  struct Key {
    std::uint64_t key;
  };
  KeySlots<Key> slots_;
};

}  // namespace affsync::engine
