#include "connectors/engine/pace/backoff.hpp"

#include <gtest/gtest.h>

namespace affsync::engine::backoff_test {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, TheRangeDoublesWithEachRetryUpToTheCap) {
  BackoffSpec spec;
  spec.first = 1s;
  spec.cap = 10s;
  EXPECT_EQ(backoff_wait(spec, 1, 0.5), 500ms);
  EXPECT_EQ(backoff_wait(spec, 2, 0.5), 1s);
  EXPECT_EQ(backoff_wait(spec, 3, 0.5), 2s);
  EXPECT_EQ(backoff_wait(spec, 4, 0.5), 4s);
  EXPECT_EQ(backoff_wait(spec, 5, 0.5), 5s);
  EXPECT_EQ(backoff_wait(spec, 100, 0.5), 5s);
}

TEST(Backoff, NeverLessThanATenthOfTheRange) {
  BackoffSpec spec;
  spec.first = 1s;
  spec.cap = 10s;
  EXPECT_EQ(backoff_wait(spec, 1, 0.0), 100ms);
  EXPECT_EQ(backoff_wait(spec, 4, 0.0), 800ms);
}

TEST(Backoff, OddRetryNumbersDoNoHarm) {
  BackoffSpec spec;
  EXPECT_LE(backoff_wait(spec, 0, 0.5), spec.first);
  EXPECT_LE(backoff_wait(spec, -7, 0.5), spec.first);
  EXPECT_LE(backoff_wait(spec, 2'000'000'000, 0.999), spec.cap);
}

}  // namespace
}  // namespace affsync::engine::backoff_test
