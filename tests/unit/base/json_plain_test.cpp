// The two parsers of JSON: what the fast one accepts, the thorough one reads alike.
#include <gtest/gtest.h>

#include <random>

#include "base/json_simd.hpp"

namespace affsync::json_plain_test {
namespace {

// Whether the fast parser took the text; fails if it read it differently.
bool is_plain(std::string const& text, JsonLimits const& limits = {}) {
  auto const plain = parse_plain_json(text, limits);
  if (!plain) return false;
  auto const thorough = parse_json_thoroughly(text, limits);
  EXPECT_TRUE(thorough) << "only the fast parser accepts " << text;
  if (!thorough) return true;
  EXPECT_EQ(plain->dump(), thorough->dump()) << text;
  EXPECT_EQ(plain->has_nul(), thorough->has_nul()) << text;
  EXPECT_EQ(plain->has_duplicate(), thorough->has_duplicate()) << text;
  EXPECT_EQ(plain->has_stray_word(), thorough->has_stray_word()) << text;
  return true;
}

TEST(PlainJson, OrdinaryDocumentsAreReadFast) {
  for (auto const* text :
       {"{}", "[]", " [ ] ", "[1, -2, 0, -0, 3.50, 0.000, 12345678901234567890123456789.5]",
        "\xEF\xBB\xBF{\"a\": null, \"b\": [true, false, {}], \"c\": {\"d\": \"e\"}}",
        R"({"text": "Gr\u00fc\u00dfe \ud83d\ude00 \"\\\/\b\f\n\r\t", "a\u0062": 1})",
        R"({"zero": "a\u0000b", "twice": 1, "twice": 2})", "[\n\t1\r\n ,2]"}) {
    EXPECT_TRUE(is_plain(text)) << text;
  }
}

TEST(PlainJson, NumbersKeepTheirText) {
  auto const json = parse_plain_json(R"([1.50, 100, -0, -0.0, 0.10000000000000000000001])", {});
  ASSERT_TRUE(json);
  std::string texts;
  for (auto const& item : json->items()) texts += item.number_text() + " ";
  EXPECT_EQ(texts, "1.50 100 0 -0.0 0.10000000000000000000001 ");
}

TEST(PlainJson, WhatIsNotOrdinaryIsLeftToTheThoroughParser) {
  for (auto const* text : {"",
                           " ",
                           "1",
                           "\"text\"",
                           "null",
                           "{",
                           "[",
                           "[1",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "[1,]",
                           "{\"a\":1,}",
                           "[1 2]",
                           "{\"a\" 1}",
                           "{a:1}",
                           "[01]",
                           "[1.]",
                           "[.5]",
                           "[+1]",
                           "[-]",
                           "[--1]",
                           "[1e5]",
                           "[1E-400]",
                           "[1e999999]",
                           "[NaN]",
                           "[Infinity]",
                           "[nul]",
                           "[nullx]",
                           "[truefalse]",
                           "[1]x",
                           "[1][2]",
                           "[1]]",
                           "{}}",
                           "[\"a\nb\"]",
                           "[\"\\x\"]",
                           "[\"\\ud800\"]",
                           "[\"\xff\"]",
                           "[1}",
                           "{\"a\":1]",
                           "[\"a]",
                           "[1,,2]",
                           "[,1]",
                           "{\"a\":1,\"b\"}",
                           "[tru]",
                           "[1 ,\x01 2]",
                           "{\"a\":{\"b\":[1,{\"c\":2}]",
                           "[[[[",
                           "]",
                           "}"}) {
    EXPECT_FALSE(is_plain(text)) << text;
  }
  EXPECT_FALSE(is_plain(std::string("[1]\0", 4)));
  EXPECT_FALSE(is_plain(std::string("[\0 1]", 5)));
  EXPECT_FALSE(is_plain("[" + std::string(400, '9') + "]"));
}

TEST(PlainJson, LimitsAreThoseOfTheThoroughParser) {
  JsonLimits limits;
  limits.depth = 3;
  EXPECT_TRUE(is_plain("[[[1]]]", limits));
  EXPECT_FALSE(is_plain("[[[[1]]]]", limits));
  EXPECT_EQ(parse_json("[[[[1]]]]", limits).error().code, ErrorCode::answer_too_large);
  limits.members = 2;
  EXPECT_TRUE(is_plain(R"({"a": 1, "b": 2})", limits));
  EXPECT_FALSE(is_plain(R"({"a": 1, "b": 2, "c": 3})", limits));
  limits.values = 4;
  EXPECT_TRUE(is_plain("[1, 2, 3]", limits));
  EXPECT_FALSE(is_plain("[1, 2, 3, 4]", limits));
}

TEST(PlainJson, ADocumentOfAnySizeAndPlaceIsRead) {
  for (std::size_t blanks = 0; blanks < 130; ++blanks) {
    EXPECT_TRUE(is_plain(std::string(blanks, ' ') + R"({"a": "b"})" + std::string(blanks, '\n')));
  }
  std::string list = "[0";
  while (list.size() < 5 * 1024 * 1024) list += R"(, {"id": 1, "amount": 2.50})";
  EXPECT_TRUE(is_plain(list + "]"));
}

// Damaged documents: cut, changed, repeated. The seed is fixed.
TEST(PlainJson, DamagedDocumentsAreNeverReadDifferently) {
  std::string const whole =
      R"({"count": 2, "next": null, "rows": [{"id": 1, "amount": 12.50, "ok": true, "s": "a\"b"},)"
      R"( {"id": 2, "amount": -0.1, "ok": false, "s": "\u00e9\\"}], "e": [], "o": {}})";
  std::string_view const pieces = "{}[]\",:\\ 0123456789.-+eEntrufals\x01\xff\n";
  std::mt19937 random(11);
  int taken = 0;
  for (int i = 0; i < 40'000; ++i) {
    auto text = whole;
    for (auto changes = random() % 3 + 1; changes > 0 && !text.empty(); --changes) {
      auto const at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = pieces[random() % pieces.size()];
          break;
        case 1:
          text.erase(at, random() % 5 + 1);
          break;
        case 2:
          text.insert(at, 1, pieces[random() % pieces.size()]);
          break;
        default:
          text.resize(at);
      }
    }
    taken += is_plain(text) ? 1 : 0;
  }
  EXPECT_GT(taken, 100);
}

}  // namespace
}  // namespace affsync::json_plain_test
