// A table of hashes with values. The set without values has its own tests, with keys of all kinds
// (SeenKeys).
#include "base/key_slots.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace affsync::key_slots_test {
namespace {

struct Entry {
  std::uint64_t key, value;
};
using Table = KeySlots<Entry>;

// Kinds of keys that no even distribution gives, and the evenly distributed ones.
std::uint64_t key_of_kind(int kind, std::uint64_t i, std::mt19937_64& random) {
  if (kind == 0) return random();
  if (kind == 1) return i / 2;     // ascending from 0, each twice, at the start of the table
  if (kind == 2) return ~(i / 2);  // descending, at its end
  return (random() % 8 << 61U) + i % 3000;  // crowds at eight places
}

TEST(KeySlots, KeepsTheValueOfEachKeyThroughGrowthAndCrowds) {
  std::mt19937_64 random(7);
  Table table;  // one object, so that what it keeps from before is tested too
  for (int kind = 0; kind < 4; ++kind) {
    std::map<std::uint64_t, std::uint64_t> model;
    for (std::uint64_t i = 0; i < 60'000; ++i) {
      auto const key = key_of_kind(kind, i, random);
      auto const [slot, is_new] = table.insert(key);
      ASSERT_EQ(is_new, !model.contains(key)) << kind << ' ' << key;
      ASSERT_EQ(slot->key, key);
      ASSERT_EQ(slot->value, is_new ? 0 : model[key]) << "what was left there before is gone";
      slot->value = model[key] = i + 1;
      auto const other = key_of_kind(kind, 3 * i, random);
      auto* found = table.find(other);
      ASSERT_EQ(found != nullptr, model.contains(other)) << kind << ' ' << other;
      if (found) found->value = model[other] = ~i;
    }
    EXPECT_EQ(table.size(), model.size());
    std::vector<std::pair<std::uint64_t, std::uint64_t>> taken;
    for (auto const& [key, value] : model) {
      auto const* found = std::as_const(table).find(key);
      ASSERT_NE(found, nullptr) << kind << ' ' << key;
      ASSERT_EQ(found->value, value);
    }
    table.take_sorted([&](Entry const& entry) { taken.emplace_back(entry.key, entry.value); });
    EXPECT_TRUE(std::ranges::equal(taken, model, [](auto const& one, auto const& other) {
      return one.first == other.first && one.second == other.second;
    })) << kind;
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.find(model.begin()->first), nullptr);
  }
}

TEST(KeySlots, AClearedTableHasNothing) {
  std::mt19937_64 random(8);
  for (std::size_t const count : {5u, 100'000u}) {
    Table table;
    std::vector<std::uint64_t> keys{0, UINT64_MAX};
    while (keys.size() < count) keys.push_back(random());
    for (auto const key : keys) table.insert(key).first->value = 1;
    table.clear();
    EXPECT_EQ(table.size(), 0u);
    for (auto const key : keys) ASSERT_EQ(table.find(key), nullptr);
    for (auto const key : keys) ASSERT_EQ(table.insert(key).first->value, 0u);
  }
}

// A million known rows of a slice must stay below 20 MB.
TEST(KeySlots, HoldsAnEntryInLittleMoreThanItsSize) {
  std::mt19937_64 random(9);
  Table table;
  for (std::size_t i = 0; i < 300'000; ++i) table.insert(random());
  EXPECT_LE(table.memory_bytes(), 300'000 * 20);
}

}  // namespace
}  // namespace affsync::key_slots_test
