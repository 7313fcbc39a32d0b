#include "connectors/engine/paging/seen_keys.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace affsync::engine {
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
  EXPECT_LE(keys.memory_bytes(), 64'000'000u);
}

}  // namespace
}  // namespace affsync::engine
