// The comparison of short texts, at every length and with a difference at every place.
#include "base/same_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace affsync::same_text_test {
namespace {

TEST(SameText, SeesADifferenceAtEveryPlace) {
  for (std::size_t size = 0; size <= 40; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
    std::string const copy = text;
    EXPECT_TRUE(same_text(text, copy)) << size;
    EXPECT_FALSE(same_text(text, copy + 'x')) << size;
    for (std::size_t i = 0; i < size; ++i) {
      for (char const other : {'\0', 'A', '\xFF'}) {
        std::string changed = copy;
        changed[i] = other;
        EXPECT_FALSE(same_text(text, changed)) << size << ' ' << i;
      }
    }
  }
}

}  // namespace
}  // namespace affsync::same_text_test
