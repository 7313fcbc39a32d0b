// Whether two streams may read the same file.
#include "daemon/sync/file_patterns.hpp"

#include <gtest/gtest.h>

namespace affsync::sync::file_patterns_test {
namespace {

TEST(FilePatterns, MayHaveNamesInCommon) {
  EXPECT_TRUE(may_share_a_name("commissions*.csv", "*.csv"));
  EXPECT_TRUE(may_share_a_name("*june*.csv", "commissions*.csv"));
  EXPECT_TRUE(may_share_a_name("a.csv", "a.csv"));
  EXPECT_TRUE(may_share_a_name("a?c", "ab*"));
  EXPECT_TRUE(may_share_a_name("a[0-9].csv", "a7.csv"));
  EXPECT_TRUE(may_share_a_name("*", "**"));
  EXPECT_FALSE(may_share_a_name("commissions*.csv", "clients*.csv"));
  EXPECT_FALSE(may_share_a_name("*.csv", "*.xlsx"));
  EXPECT_FALSE(may_share_a_name("a.csv", "a.csvx"));
  EXPECT_FALSE(may_share_a_name("", "?"));
}

}  // namespace
}  // namespace affsync::sync::file_patterns_test
