#include "daemon/log/utf8.hpp"

#include <gtest/gtest.h>

namespace affsync::log::utf8_test {
namespace {

TEST(Utf8, AsciiTakesOneColumnEach) {
  EXPECT_EQ(display_width("payout 1"), 8);
}

TEST(Utf8, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(display_width("用户"), 4);
  EXPECT_EQ(display_width("ｆｕｌｌ"), 8);  // full-width Latin
  EXPECT_EQ(display_width("한국"), 4);
}

TEST(Utf8, EmojiTakeTwoColumns) {
  EXPECT_EQ(display_width("🚀"), 2);
  EXPECT_EQ(display_width("✅ ok"), 5);
}

TEST(Utf8, VariationSelectorMakesATextSymbolWide) {
  EXPECT_EQ(display_width("\u2764"), 1);
  EXPECT_EQ(display_width("\u2764\ufe0f"), 2);
}

TEST(Utf8, CombiningMarksTakeNoColumn) {
  EXPECT_EQ(display_width("e\u0301"), 1);   // e with acute, decomposed
  EXPECT_EQ(display_width("a\u200db"), 2);  // zero width joiner
}

TEST(Utf8, CyrillicAndAccentsTakeOneColumn) {
  EXPECT_EQ(display_width("недели"), 6);
  EXPECT_EQ(display_width("Zürich"), 6);
}

TEST(Utf8, InvalidBytesBecomeReplacementCharacters) {
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b"),
            "a\ufffdb");
  EXPECT_EQ(to_valid_utf8("\xc3"), "\ufffd");                                // cut short
  EXPECT_EQ(to_valid_utf8("\xc0\xaf"), "\ufffd\ufffd");                      // overlong
  EXPECT_EQ(to_valid_utf8("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");            // a surrogate
  EXPECT_EQ(to_valid_utf8("\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd");  // above U+10FFFF
}

TEST(Utf8, ValidTextIsKept) {
  std::string_view const text = "aé用🚀\x7f";
  EXPECT_EQ(to_valid_utf8(text), text);
}

TEST(Utf8, OneLineTakesControlsAway) {
  EXPECT_EQ(to_one_line("a\n\tb"), "a b");
  EXPECT_EQ(to_one_line("\x1b[2Jgone"), "[2Jgone");
  EXPECT_EQ(to_one_line("  a  "), "a");
  EXPECT_EQ(to_one_line("abc\u202etxt.exe"), "abc txt.exe");
}

TEST(Utf8, CutLeavesWhatFits) {
  EXPECT_EQ(cut_to_width("rewards", 7), "rewards");
  EXPECT_EQ(cut_to_width("rewards", 5), "rewa…");
  EXPECT_EQ(cut_to_width("rewards", 1), "…");
  EXPECT_EQ(cut_to_width("rewards", 0), "");
}

TEST(Utf8, CutNeverSplitsAWideCharacter) {
  EXPECT_EQ(cut_to_width("用户名", 5), "用户…");
  EXPECT_EQ(cut_to_width("用户名", 4), "用…");
}

}  // namespace
}  // namespace affsync::log::utf8_test
