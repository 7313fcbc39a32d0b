#include <gtest/gtest.h>

#include "schema/store/pass_closer.hpp"

namespace affsync::schema::mass_drop_test {
namespace {

// Arguments: vanished rows, live rows of the stream, rows marked in the last days, limit.
TEST(MassDrop, ATenthMayGoAndNotMore) {
  EXPECT_FALSE(is_mass_drop(10, 100, 0, 0.1));
  EXPECT_TRUE(is_mass_drop(11, 100, 0, 0.1));
}

TEST(MassDrop, ASingleRowOfAHandfulMayGo) {
  EXPECT_FALSE(is_mass_drop(1, 2, 0, 0.1));
  EXPECT_TRUE(is_mass_drop(2, 3, 0, 0.1));
}

// In a stream with one row that row is also the last one. Whether the empty list is true was
// decided before, by its count or a second pass.
TEST(MassDrop, TheLastRowMayGoAndAnEmptyListIsNotBelievedOfMore) {
  EXPECT_FALSE(is_mass_drop(1, 1, 0, 0.1));
  EXPECT_TRUE(is_mass_drop(2, 2, 0, 0.1));
  EXPECT_TRUE(is_mass_drop(2, 2, 0, 0.99));
  EXPECT_FALSE(is_mass_drop(0, 0, 0, 0.1));
}

TEST(MassDrop, PassesOfTheSameDaysAreCountedTogether) {
  EXPECT_FALSE(is_mass_drop(5, 95, 5, 0.1));
  EXPECT_TRUE(is_mass_drop(6, 95, 5, 0.1));
  // Removing rows one by one does not avoid the limit.
  EXPECT_FALSE(is_mass_drop(1, 5, 2, 0.1));
  EXPECT_TRUE(is_mass_drop(1, 4, 3, 0.1));
}

TEST(MassDrop, ALimitOfOneSwitchesTheGuardOff) {
  EXPECT_FALSE(is_mass_drop(100, 100, 0, 1.0));
}

}  // namespace
}  // namespace affsync::schema::mass_drop_test
