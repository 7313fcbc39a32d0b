#include "base/suggest.hpp"

#include <gtest/gtest.h>

namespace affsync::suggest_test {
namespace {

std::vector<std::string> const keys = {"every", "name", "base_url", "timeout", "privacy", "tls"};

TEST(Nearest, FindsTheWordThatWasMeant) {
  EXPECT_EQ(nearest("evrey", keys), "every");
  EXPECT_EQ(nearest("nmae", keys), "name");
  EXPECT_EQ(nearest("baseurl", keys), "base_url");
  EXPECT_EQ(nearest("base-url", keys), "base_url");
  EXPECT_EQ(nearest("TIMEOUT", keys), "timeout");
  EXPECT_EQ(nearest("timeouts", keys), "timeout");
}

TEST(Nearest, SwapOfNeighboursCountsOne) {
  EXPECT_EQ(nearest("tsl", keys), "tls");  // two changes would exceed a third of the word
}

TEST(Nearest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest("password", keys), std::nullopt);
  EXPECT_EQ(nearest("tlsxyz", keys), std::nullopt);
  EXPECT_EQ(nearest("", keys), std::nullopt);
  EXPECT_EQ(nearest("every", {}), std::nullopt);
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), keys), std::nullopt);
}

TEST(Nearest, ClosestOfSeveralWins) {
  EXPECT_EQ(nearest("streams", {"streamed", "stream", "streams2"}), "stream");
  EXPECT_EQ(nearest("payout", {"payouts", "payout"}), "payout");
}

}  // namespace
}  // namespace affsync::suggest_test
