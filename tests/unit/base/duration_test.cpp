#include "base/duration.hpp"

#include <gtest/gtest.h>

namespace affsync::duration_test {
namespace {

using namespace std::chrono_literals;

TEST(Duration, HasTheLargestUnitWithoutARemainder) {
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(15min), "15m");
  EXPECT_EQ(duration_text(36h), "36h");
  EXPECT_EQ(duration_text(48h), "2d");
}

TEST(Duration, HasFourUnits) {
  EXPECT_EQ(unit_length('s'), 1s);
  EXPECT_EQ(unit_length('m'), 60s);
  EXPECT_EQ(unit_length('h'), 3600s);
  EXPECT_EQ(unit_length('d'), 86'400s);
  EXPECT_EQ(unit_length('w'), std::nullopt);
}

}  // namespace
}  // namespace affsync::duration_test
