#include "connectors/engine/paging/seen_keys.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "connectors/engine/paging/key_log.hpp"
#include "connectors/engine/paging/page_keys.hpp"

namespace affsync::engine::seen_keys_test {
namespace {

TEST(SeenKeys, BehavesAsASet) {
  std::mt19937_64 random(1);
  SeenKeys keys;
  std::set<std::uint64_t> model;
  for (int i = 0; i < 60'000; ++i) {
    // Small numbers as well as hashes, so that keys repeat and form clusters.
    std::uint64_t const key = i % 3 == 0   ? random() % 5000
                              : i % 3 == 1 ? ~(random() % 50)
                                           : random();
    EXPECT_EQ(keys.contains(key), model.contains(key));
    EXPECT_EQ(keys.insert(key), model.insert(key).second);
  }
  EXPECT_EQ(keys.size(), model.size());
  for (auto const key : model) ASSERT_TRUE(keys.contains(key));
  EXPECT_EQ(keys.take_sorted(), std::vector<std::uint64_t>(model.begin(), model.end()));
  EXPECT_EQ(keys.size(), 0u);
  EXPECT_FALSE(keys.contains(*model.begin()));
}

// Kinds of keys that no even distribution gives, and the evenly distributed ones.
std::uint64_t key_of_kind(int kind, std::uint64_t i, std::mt19937_64& random) {
  switch (kind) {
    case 0:
      return random();
    case 1:  // ascending, all at the start of the table
      return i;
    case 2:  // descending, all at its end
      return ~i;
    case 3:  // one half of their bits is equal
      return (std::uint64_t{0xDEADBEEF} << 32U) | (random() >> 32U);
    case 4:  // crowds at many places
      return (random() % 64 << 58U) + random() % 2000;
    case 5:  // denser towards the end
      return ~((random() >> 32U) * (random() >> 40U) * (random() >> 56U));
    default:  // the extremes, again and again
      return i % 2 == 0 ? i % 4 : ~(i % 3);
  }
}

TEST(SeenKeys, BehavesAsASetWhateverTheKeysAre) {
  std::mt19937_64 random(3);
  SeenKeys keys;  // one object, so that what it keeps from the set before is tested too
  for (int kind = 0; kind < 7; ++kind) {
    for (std::uint64_t const count : {7u, 500u, 30'000u}) {
      std::set<std::uint64_t> model;
      if (count == 500u) keys.expect(20'000);
      for (std::uint64_t i = 0; i < count; ++i) {
        auto const key = key_of_kind(kind, i, random);
        auto const other = key_of_kind(kind, 2 * i, random);
        ASSERT_EQ(keys.contains(other), model.contains(other)) << kind << ' ' << other;
        ASSERT_EQ(keys.insert(key), model.insert(key).second) << kind << ' ' << key;
      }
      EXPECT_EQ(keys.size(), model.size());
      for (auto const key : model) ASSERT_TRUE(keys.contains(key)) << kind << ' ' << key;
      if (count == 500u) {
        keys.clear();
        for (auto const key : model) ASSERT_FALSE(keys.contains(key)) << kind << ' ' << key;
      } else {
        EXPECT_EQ(keys.take_sorted(), std::vector<std::uint64_t>(model.begin(), model.end()))
            << kind;
      }
      EXPECT_EQ(keys.size(), 0u);
    }
  }
}

TEST(SeenKeys, TakesExtremesAndEmptiness) {
  SeenKeys keys;
  EXPECT_TRUE(keys.take_sorted().empty());
  EXPECT_TRUE(keys.insert(0));
  EXPECT_TRUE(keys.insert(UINT64_MAX));
  EXPECT_FALSE(keys.insert(0));
  keys.clear();
  EXPECT_FALSE(keys.contains(UINT64_MAX));
}

// Five million keys must stay well below 64 MB.
TEST(SeenKeys, HoldsAKeyInLittleMoreThanEightBytes) {
  constexpr std::size_t count = 400'000;
  for (bool const expected : {true, false}) {
    std::mt19937_64 random(2);
    SeenKeys keys;
    if (expected) keys.expect(count);
    for (std::size_t i = 0; i < count; ++i) keys.insert(random());
    EXPECT_EQ(keys.size(), count);
    EXPECT_LE(keys.memory_bytes(), count * 10);
  }
}

TEST(SeenKeys, ABrokersCountTakesNoMemoryWithoutBounds) {
  SeenKeys keys;
  keys.expect(SIZE_MAX / 2);
  EXPECT_LE(keys.memory_bytes(), 4'000'000u);
}

// What a large set held goes back to the system, and a small one keeps its page.
TEST(SeenKeys, ALargeSetKeepsNoMemoryAfterItsEnd) {
  std::mt19937_64 random(4);
  SeenKeys keys;
  for (int i = 0; i < 300'000; ++i) keys.insert(random());
  EXPECT_EQ(keys.take_sorted().size(), 300'000u);
  EXPECT_EQ(keys.memory_bytes(), 0u);
  keys.insert(1);
  EXPECT_EQ(keys.memory_bytes(), 4096u);
}

TEST(KeyLog, BehavesAsASetWheneverItIsAsked) {
  std::mt19937_64 random(5);
  KeyLog log;
  for (int const asked_after : {0, 1, 511, 512, 513, 5000, 200'000}) {
    std::set<std::uint64_t> model;
    for (int i = 0; i < asked_after; ++i) {
      std::uint64_t const key = i % 7 == 0 ? i % 5 : random();
      log.add(key);
      model.insert(key);
    }
    EXPECT_FALSE(log.contains(random()));
    for (auto const key : model) ASSERT_TRUE(log.contains(key)) << asked_after;
    log.add(77);
    EXPECT_TRUE(log.contains(77));
    log.clear();
    for (auto const key : model) ASSERT_FALSE(log.contains(key)) << asked_after;
    log.clear();
  }
}

TEST(PageKeys, TellWhereEachRowWasSeenBefore) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 300; ++round) {
    SeenKeys seen;
    std::set<std::uint64_t> model;
    std::vector<RowPlace> places;
    for (int page = 0; page < 8; ++page) {
      // Few different keys, so that rows repeat within the page and across pages.
      std::vector<std::uint64_t> keys(random() % 30);
      for (auto& key : keys) key = random() % 60 * 0x9E3779B97F4A7C15;
      auto const shared = static_cast<std::size_t>(random() % 10);

      auto const before = model;
      std::vector<RowPlace> expected;
      for (auto const key : keys) {
        auto const known = expected.size() < shared ? RowPlace::shared : RowPlace::repeated;
        expected.push_back(before.contains(key) ? known : RowPlace::fresh);
      }
      model.insert(keys.begin(), keys.end());
      auto const taken = add_page(keys, shared, seen, places);
      EXPECT_EQ(places, expected);
      EXPECT_EQ(taken.fresh, model.size() - before.size());
      EXPECT_EQ(taken.distinct, std::set(keys.begin(), keys.end()).size());
      EXPECT_EQ(seen.size(), model.size());
    }
  }
}

}  // namespace
}  // namespace affsync::engine::seen_keys_test
