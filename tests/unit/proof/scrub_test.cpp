#include "connectors/proof/scrub.hpp"

#include <gtest/gtest.h>

#include <set>

namespace affsync::proof::scrub_test {
namespace {

// Ids of one digit are keys of rows too.
TEST(Scrub, DifferentShortValuesStayDifferent) {
  engine::SourcePlan plan;
  plan.base_url = "https://broker.example";
  for (auto const* key : {"one", "two", "three"}) {
    Scrubber const scrubber(plan, Secret(key));
    std::set<std::string> replaced;
    for (int i = 1; i <= 9; ++i) replaced.insert(scrubber.text(std::to_string(i)));
    EXPECT_EQ(replaced.size(), 9U) << key;
    for (int i = 10; i < 60; ++i) replaced.insert(scrubber.text(std::to_string(i)));
    EXPECT_EQ(replaced.size(), 59U) << key;
    EXPECT_EQ(scrubber.text("7"), scrubber.text("7"));
    EXPECT_EQ(scrubber.text("41").size(), 2U);
  }
}

}  // namespace
}  // namespace affsync::proof::scrub_test
