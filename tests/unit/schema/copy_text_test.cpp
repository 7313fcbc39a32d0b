// COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
#include <gtest/gtest.h>

#include "schema/store/copy_writer.hpp"

namespace affsync::schema::copy_text_test {
namespace {

std::string escaped(std::string_view value) {
  std::string out = "before:";
  append_copy_text(out, value);
  return out.substr(7);
}

TEST(CopyText, WhatHasAMeaningInCopyIsEscaped) {
  EXPECT_EQ(escaped(""), "");
  EXPECT_EQ(escaped("plain text of more than eight bytes"), "plain text of more than eight bytes");
  EXPECT_EQ(escaped("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e");
  EXPECT_EQ(escaped("\\N"), "\\\\N");
  EXPECT_EQ(escaped("\\."), "\\\\.");
  EXPECT_EQ(escaped("\x01\x1f\x7f"), "\x01\x1f\x7f");
  EXPECT_EQ(escaped("Grüße, 你好"), "Grüße, 你好");
}

// At each place of a word of eight bytes, and behind bytes with the highest bit.
TEST(CopyText, ASpecialCharacterIsFoundAtEachPlace) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (auto const* fill : {"x", "\xff", "[", "]", " "}) {
        std::string text, wanted;
        for (std::size_t i = 0; i < size; ++i) {
          text += i == at ? "\\" : fill;
          wanted += i == at ? "\\\\" : fill;
        }
        ASSERT_EQ(escaped(text), wanted);
      }
    }
  }
}

}  // namespace
}  // namespace affsync::schema::copy_text_test
