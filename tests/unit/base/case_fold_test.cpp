// Letters without their case, in every script that has one.
#include "base/case_fold.hpp"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace affsync::case_fold_test {
namespace {

TEST(CaseFold, WordsOfManyLanguagesInCapitals) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> words{{
      {"Refund", "REFUND"},
      {"итого", "ИТОГО"},
      {"Возврат", "ВОЗВРАТ"},
      {"повернення з її ґанку є", "ПОВЕРНЕННЯ З ЇЇ ҐАНКУ Є"},
      {"ёлка", "ЁЛКА"},
      {"rückzahlung", "RÜCKZAHLUNG"},
      {"straße", "STRAẞE"},
      {"storné", "STORNÉ"},
      {"œuvre ÿ", "ŒUVRE Ÿ"},
      {"zażółć gęślą jaźń", "ZAŻÓŁĆ GĘŚLĄ JAŹŃ"},
      {"año", "AÑO"},
      {"iade işlem", "İADE İŞLEM"},
      {"ısmarlama", "ISMARLAMA"},
      {"σύνολο ποσός", "ΣΎΝΟΛΟ ΠΟΣΌΣ"},
      {"ընդամենը", "ԸՆԴԱՄԵՆԸ"},
      {"სულ", "ᲡᲣᲚ"},
      {"tổng cộng ﬂ 合計", "TỔNG CỘNG ﬂ 合計"},
  }};
  for (auto const& [small, capital] : words) {
    EXPECT_TRUE(equal_folded(small, capital)) << small;
    EXPECT_TRUE(equal_folded(capital, small)) << small;
    EXPECT_EQ(fold_case(small), fold_case(capital));
    EXPECT_TRUE(contains_folded("(" + std::string(capital) + "): 5", small)) << small;
    EXPECT_FALSE(equal_folded(small, std::string(capital) + "x")) << small;
    EXPECT_FALSE(equal_folded(std::string(small) + "x", capital)) << small;
  }
  EXPECT_EQ(fold_case("ВОЗВРАТ №5"), "возврат №5");
}

TEST(CaseFold, OtherLettersStayOthers) {
  EXPECT_FALSE(equal_folded("итого", "итога"));
  EXPECT_FALSE(equal_folded("е", "ё"));
  EXPECT_FALSE(equal_folded("и", "й"));
  EXPECT_FALSE(equal_folded("c", "с")) << "Latin and Cyrillic";
  EXPECT_FALSE(equal_folded("a", "ä"));
  EXPECT_FALSE(equal_folded("×", "÷")) << "between letters of Latin-1";
  EXPECT_FALSE(equal_folded("ß", "ss"));
  EXPECT_FALSE(equal_folded("@", "`"));
  EXPECT_FALSE(equal_folded("", "x"));
  EXPECT_TRUE(equal_folded("", ""));
}

TEST(CaseFold, BytesThatAreNotUtf8EqualOnlyThemselves) {
  for (std::string const bad : {"\xC0", "\xE0\x80", "\xD0", "\xF8", "\xD0 \x98", "\xED\xA0\x80"}) {
    EXPECT_EQ(fold_case("A" + bad + "B"), "a" + bad + "b");
    EXPECT_TRUE(equal_folded("A" + bad, "a" + bad));
    EXPECT_TRUE(contains_folded("x A" + bad, "a" + bad));
  }
  EXPECT_FALSE(equal_folded("\xC8", "\xE8")) << "both would be a letter in windows-1251";
  EXPECT_FALSE(equal_folded("\xD0", "\xD0\x98"));
  EXPECT_FALSE(contains_folded("\xD0\x98", "\xD0"));
}

TEST(CaseFold, FindsAWordAnywhere) {
  EXPECT_TRUE(contains_folded("Слишком много запросов", "слишком МНОГО"));
  EXPECT_TRUE(contains_folded("NO DATA", "data"));
  EXPECT_TRUE(contains_folded("nonono data", "nono d"));
  EXPECT_TRUE(contains_folded("anything", ""));
  EXPECT_FALSE(contains_folded("no dat", "data"));
  EXPECT_FALSE(contains_folded("", "data"));
}

}  // namespace
}  // namespace affsync::case_fold_test
