// What the rules are told of the machine.
#include <gtest/gtest.h>

#include "daemon/alerts/policy.hpp"

namespace affsync::alerts::policy_test {
namespace {

TEST(AlertPolicy, WhatIsKeptBackForRootIsNeitherFreeNorUsed) {
  std::filesystem::space_info space;
  space.capacity = 270;
  space.free = 193;  // of which 168 are root's
  space.available = 25;
  auto const disk = disk_of(space);
  EXPECT_EQ(disk.free_bytes, 25);
  EXPECT_EQ(disk.size_bytes, 102);  // three quarters are used, not nine tenths
}

}  // namespace
}  // namespace affsync::alerts::policy_test
