#include <gtest/gtest.h>

#include "schema/slice_closer.hpp"

namespace affsync::schema {
namespace {

// vanished, live rows of the stream, marked earlier in the run, nothing seen, limit
TEST(MassDrop, ATenthMayGoAndNotMore) {
  EXPECT_FALSE(is_mass_drop(10, 100, 0, false, 0.1));
  EXPECT_TRUE(is_mass_drop(11, 100, 0, false, 0.1));
}

TEST(MassDrop, ASingleRowOfAHandfulMayGo) {
  EXPECT_FALSE(is_mass_drop(1, 2, 0, false, 0.1));
  EXPECT_TRUE(is_mass_drop(2, 3, 0, false, 0.1));
}

TEST(MassDrop, AnEmptyListIsNeverBelieved) {
  EXPECT_TRUE(is_mass_drop(1, 1, 0, true, 0.1));
  EXPECT_FALSE(is_mass_drop(0, 0, 0, true, 0.1));
}

TEST(MassDrop, SlicesOfOneRunAreCountedTogether) {
  EXPECT_FALSE(is_mass_drop(5, 95, 5, false, 0.1));
  EXPECT_TRUE(is_mass_drop(6, 95, 5, false, 0.1));
}

TEST(MassDrop, ALimitOfOneSwitchesTheGuardOff) {
  EXPECT_FALSE(is_mass_drop(100, 100, 0, true, 1.0));
}

}  // namespace
}  // namespace affsync::schema
