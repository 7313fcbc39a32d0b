// JSON documents: digits are kept, errors have a position, limits apply.
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace affsync::json_test {
namespace {

Json parsed(std::string_view text, JsonLimits const& limits = {}) {
  auto json = parse_json(text, limits);
  if (!json) {
    ADD_FAILURE() << json.error().to_line();
    return Json();
  }
  return std::move(*json);
}

ErrorCode refusal(std::string_view text, JsonLimits const& limits = {}) {
  auto const json = parse_json(text, limits);
  return json ? ErrorCode::internal : json.error().code;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(Json, NumbersKeepTheirOwnText) {
  for (std::string const text :
       {"1756.287846940199989393", "1e-11", "835449167911924693", "1234.50", "0.000", "-0.0",
        "1E+5", "9007199254740993", "18446744073709551615", "18446744073709551616",
        "-9223372036854775809", "1234567890123456789012345678901234567890",
        "0.1234567890123456789012345678901234567890"}) {
    Json const number = parsed(text);
    ASSERT_TRUE(number.is_number()) << text;
    EXPECT_EQ(number.number_text(), text);
    EXPECT_EQ(parsed("{\"a\":[" + text + "]}").dump(), "{\"a\":[" + text + "]}");
  }
}

TEST(Json, MinusZeroIsZero) {
  EXPECT_EQ(parsed("-0").number_text(), "0");
}

TEST(Json, NumberBeyondADoubleIsAStringAndItsPageSurvives) {
  Json const page = parsed(R"([{"id":1,"amount":1e999999},{"id":2,"amount":-1.50E-400}])");
  ASSERT_EQ(page.items().size(), 2u);
  auto const* amount = page.items()[0].find("amount");
  ASSERT_TRUE(amount != nullptr && amount->is_string());
  EXPECT_EQ(amount->as_string(), "1e999999");
  EXPECT_EQ(page.items()[1].find("amount")->scalar_text(), "-1.50E-400");
  EXPECT_EQ(page.items()[1].find("id")->number_text(), "2");
}

TEST(Json, FourHundredDigitsSurviveWithTheirPage) {
  std::string const digits(400, '7');
  Json const page = parsed("[" + digits + ",1]");
  EXPECT_EQ(page.items()[0].scalar_text(), digits);
  EXPECT_TRUE(page.items()[1].is_number());
}

TEST(Json, SmallNumbersBesideAHugeOneStayNumbers) {
  Json const page = parsed("[1e999999,1e-11,2.5E-400,1e+99]");
  EXPECT_TRUE(page.items()[0].is_string());
  EXPECT_EQ(page.items()[1].number_text(), "1e-11");
  EXPECT_EQ(page.items()[2].number_text(), "2.5E-400");
  EXPECT_EQ(page.items()[3].number_text(), "1e+99");
}

TEST(Json, NumberTooSmallForPostgresIsAString) {
  std::string const zeros(16383, '0');
  for (auto const& number : {std::string("1e-16384"), std::string("-0.1e-16383"),
                             std::string("1E-999999999999999999999"), std::string("0e99999999999"),
                             "0." + zeros + "1"}) {
    Json const page = parsed("[" + number + "]");
    ASSERT_TRUE(page.items()[0].is_string()) << number;
    EXPECT_EQ(page.items()[0].as_string(), number);
  }
  for (auto const& number : {std::string("1e-16383"), std::string("0.1e-16382"),
                             std::string("123.25e+2"), "0." + zeros.substr(1) + "1"}) {
    EXPECT_TRUE(parsed("[" + number + "]").items()[0].is_number()) << number;
  }
}

TEST(Json, HugeNumberInsideAStringIsLeftAlone) {
  Json const page = parsed(R"(["say \"1e999999\"", 1e999999])");
  EXPECT_EQ(page.items()[0].as_string(), "say \"1e999999\"");
}

TEST(Json, WhatIsNoNumberStaysAnErrorBesideAHugeOne) {
  for (auto const* text : {"[1e999999,01]", "[1e999999,1e+-999]", "[1e999999,-]", "[1e999999,1.]",
                           "[1e999999,+1]", "[1e999999,.5]", "[1e999999,007e999]"}) {
    EXPECT_EQ(refusal(text), ErrorCode::malformed_answer) << text;
  }
}

TEST(Json, KindsAndScalarTexts) {
  Json const json = parsed(R"([null,true,false,"x",1,[],{}])");
  auto const& items = json.items();
  EXPECT_TRUE(items[0].is_null());
  EXPECT_EQ(items[0].scalar_text(), std::nullopt);
  EXPECT_EQ(items[1].scalar_text(), "true");
  EXPECT_EQ(items[2].scalar_text(), "false");
  EXPECT_EQ(items[3].scalar_text(), "x");
  EXPECT_EQ(items[4].scalar_text(), "1");
  EXPECT_EQ(items[5].scalar_text(), std::nullopt);
  EXPECT_EQ(items[6].scalar_text(), std::nullopt);
  EXPECT_TRUE(items[5].is_array());
  EXPECT_TRUE(items[6].is_object());
}

TEST(Json, MembersKeepTheirOrder) {
  EXPECT_EQ(parsed(R"( {"z" : 1 , "a" : {"y":2,"b":3} } )").dump(), R"({"z":1,"a":{"y":2,"b":3}})");
}

TEST(Json, DumpIsReadBackTheSame) {
  std::string const text =
      R"({"text":"a\"b\\c\n\r\t\u0001é😀/","list":[null,true,false,0.10,[],{}],"":""})";
  EXPECT_EQ(parsed(text).dump(), text);
  EXPECT_EQ(parsed(parsed(text).dump()).dump(), text);
}

TEST(Json, EscapesAreFoundAtEveryPlaceOfAText) {
  struct Escape {
    char sent;
    std::string written;
  };
  Escape const escapes[] = {{'"', "\\\""},       {'\\', "\\\\"},      {'\n', "\\n"},
                            {'\r', "\\r"},       {'\t', "\\t"},       {'\0', "\xEF\xBF\xBD"},
                            {'\x01', "\\u0001"}, {'\x1F', "\\u001f"}, {' ', " "},
                            {'!', "!"},          {'#', "#"},          {'[', "["},
                            {']', "]"},          {'\x7F', "\x7F"},    {'\x80', "\x80"},
                            {'\xA2', "\xA2"},    {'\xDC', "\xDC"},    {'\xFF', "\xFF"}};
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (auto const& escape : escapes) {
        std::string text(size, 'x');
        text[at] = escape.sent;
        std::string out = "<";
        append_json_string(out, text);
        EXPECT_EQ(out, "<\"" + std::string(at, 'x') + escape.written +
                           std::string(size - at - 1, 'x') + '"');
      }
    }
  }
}

TEST(Json, SurrogatePairIsOneCharacter) {
  EXPECT_EQ(parsed(R"("\ud83d\uDE00")").as_string(), "😀");
  EXPECT_FALSE(parsed(R"("\ud83d\uDE00")").has_nul());
}

TEST(Json, NulMarksItsRowOnly) {
  Json const page = parsed(R"([{"name":"a\u0000b"},{"name":"c"}])");
  EXPECT_TRUE(page.has_nul());
  EXPECT_TRUE(page.items()[0].has_nul());
  EXPECT_FALSE(page.items()[1].has_nul());
  EXPECT_EQ(page.items()[0].find("name")->as_string(), std::string("a\0b", 3));
  EXPECT_EQ(page.items()[0].dump(),
            "{\"name\":\"a\xEF\xBF\xBD"
            "b\"}");
}

TEST(Json, RawZeroByteInAStringMarksItsRowOnly) {
  Json const page = parsed(std::string_view("[{\"name\":\"a\0b\"},{\"name\":\"c\"}]", 29));
  ASSERT_EQ(page.items().size(), 2u);
  EXPECT_TRUE(page.items()[0].has_nul());
  EXPECT_FALSE(page.items()[1].has_nul());
}

TEST(Json, NulInAMemberNameIsMarked) {
  EXPECT_TRUE(parsed(R"({"a\u0000":1})").has_nul());
  EXPECT_TRUE(Json::string(std::string(1, '\0')).has_nul());
}

TEST(Json, HalfASurrogatePairMarksItsRowOnly) {
  for (auto const* half :
       {R"(\ud83d)", R"(\uDE00)", R"(\ud83d\ud83d)", R"(\ud83dx)", R"(\ud83d\n)"}) {
    Json const page =
        parsed(std::string("[{\"name\":\"a") + half + R"("},{"name":"\ud83d\ude00"}])");
    ASSERT_EQ(page.items().size(), 2u) << half;
    EXPECT_TRUE(page.items()[0].has_nul()) << half;
    EXPECT_FALSE(page.items()[1].has_nul()) << half;
    EXPECT_EQ(page.items()[1].find("name")->as_string(), "😀");
  }
}

TEST(Json, BytesThatAreNotUtf8MarkTheirRowOnly) {
  for (std::string const bad :
       {"\xFF", "\xC3", "\xC0\xAF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xE2\x82", "\xED\xA0\x80",
        "\xF5\x80\x80\x80", "\xF4\x90\x80\x80", "\x80"}) {
    Json const page = parsed("[{\"name\":\"a" + bad + "\"},{\"name\":\"é€😀\"}]");
    ASSERT_EQ(page.items().size(), 2u);
    EXPECT_TRUE(page.items()[0].has_nul());
    EXPECT_FALSE(page.items()[1].has_nul());
    EXPECT_EQ(page.items()[1].find("name")->as_string(), "é€😀");
  }
}

TEST(Json, AWordThatIsNoNumberMarksItsRowOnly) {
  for (auto const* word : {"NaN", "Infinity", "-Infinity", "nan", "-nan", "inf", "-inf", "+Inf"}) {
    auto const json = parse_json(std::string(R"([{"a":1.50}, {"a": )") + word +
                                 R"( , "b":2}, {"a":[1, )" + word + "]}]");
    ASSERT_TRUE(json) << word;
    EXPECT_FALSE(json->items()[0].has_stray_word()) << word;
    EXPECT_EQ(json->items()[0].find("a")->number_text(), "1.50");
    EXPECT_TRUE(json->items()[1].has_stray_word()) << word;
    EXPECT_EQ(json->items()[1].dump(), std::string(R"({"a":")") + word + R"(","b":2})");
    EXPECT_TRUE(json->items()[2].has_stray_word()) << word;
  }
  auto const text = parse_json(R"([{"a":NaN},{"a":"NaN, x: [NaN]"}])");
  ASSERT_TRUE(text);
  EXPECT_FALSE(text->items()[1].has_stray_word());
}

TEST(Json, AWordOutsideOfAValuesPlaceIsNoJson) {
  for (auto const* text :
       {"NaN", "Forbidden", "{a:1}", R"({"a":1,b:2})", R"({NaN:1})", "[NaN", R"({"a":tru)",
        "[1 NaN]", "[None]", "[NaNa]", "[.5]", R"(["a"NaN])", "<html>1</html>"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

TEST(Json, DuplicateMemberMarksItsRowOnly) {
  Json const page = parsed(R"([{"a":1,"b":2,"a":3},{"a":1}])");
  EXPECT_TRUE(page.has_duplicate());
  EXPECT_TRUE(page.items()[0].has_duplicate());
  EXPECT_FALSE(page.items()[1].has_duplicate());
  EXPECT_EQ(page.items()[0].find("a")->number_text(), "3");  // the last duplicate counts
  EXPECT_TRUE(parsed(R"({"inner":{"a":1,"a":1}})").has_duplicate());
}

TEST(Json, DuplicateAmongThousandsOfMembersIsFound) {
  std::string members;
  for (int i = 0; i < 4000; ++i) members += "\"m" + std::to_string(i) + "\":0,";
  EXPECT_FALSE(parsed("{" + members + "\"last\":0}").has_duplicate());
  EXPECT_TRUE(parsed("{" + members + "\"m17\":0}").has_duplicate());
}

TEST(Json, LimitsAreRefusedAsTooLarge) {
  JsonLimits limits;
  EXPECT_EQ(refusal(nested(limits.depth)), ErrorCode::internal);  // this depth is allowed
  EXPECT_EQ(refusal(nested(limits.depth + 1)), ErrorCode::answer_too_large);
  EXPECT_EQ(refusal(std::string(1'000'000, '[')), ErrorCode::answer_too_large);

  limits.members = 2;
  EXPECT_EQ(refusal(R"({"a":1,"b":2})", limits), ErrorCode::internal);
  EXPECT_EQ(refusal(R"({"a":1,"b":2,"c":3})", limits), ErrorCode::answer_too_large);

  limits.values = 4;  // the list and three values in it
  EXPECT_EQ(refusal("[1,2,3]", limits), ErrorCode::internal);
  EXPECT_EQ(refusal("[1,2,3,4]", limits), ErrorCode::answer_too_large);
  EXPECT_EQ(refusal("[1e999999,2,3,4]", limits), ErrorCode::answer_too_large);
}

TEST(Json, WhatIsNotJsonNamesTheByte) {
  for (auto const* text : {"", " ", "<html>", "{", "[1,]", "{\"a\":}", "{'a':1}", "\"a", "[1] 2",
                           "nul", "{\"a\" 1}", "\"a\nb\"", "// x\n1"}) {
    EXPECT_EQ(refusal(text), ErrorCode::malformed_answer) << text;
  }
  EXPECT_EQ(parse_json("[1,2,x]").error().message, "not valid JSON at byte 6");
  std::string const zero_after("[1]\0[2]", 7);
  EXPECT_EQ(parse_json(zero_after).error().message, "not valid JSON at byte 4");
  EXPECT_EQ(refusal("[1]\xFF"), ErrorCode::malformed_answer);
}

TEST(Json, ByteOrderMarkIsSkipped) {
  EXPECT_EQ(parsed("\xEF\xBB\xBF[1]").dump(), "[1]");
  EXPECT_EQ(parsed("\xEF\xBB\xBF[1e999999]").dump(), "[\"1e999999\"]");
}

TEST(JsonPath, QuotesNamesWithDotsBlanksAndBrackets) {
  auto const json =
      parse_json(R"({"Total Amount":{"a.b":[{"[Clicks]":7}]},"say \"hi\"":1,"c\\d":2,"":3,"$":4})")
          .value();
  EXPECT_EQ(JsonPath(R"("Total Amount"."a.b".0."[Clicks]")").in(json)->number_text(), "7");
  EXPECT_EQ(JsonPath(R"("say \"hi\"")").in(json)->number_text(), "1");
  EXPECT_EQ(JsonPath(R"("c\\d")").in(json)->number_text(), "2");
  EXPECT_EQ(JsonPath(R"("$")").in(json)->number_text(), "4");
  EXPECT_EQ(JsonPath(R"("Total Amount".x)").in(json), nullptr);
  // Equal paths have equal texts.
  EXPECT_EQ(JsonPath(R"("data"."0".id)").text(), "data.0.id");
  EXPECT_EQ(JsonPath(R"(data."x.y")").text(), R"(data."x.y")");
  EXPECT_EQ(JsonPath(R"("x y".z)").head(), "x y");
  EXPECT_EQ(JsonPath(R"(a."b.c")").steps(), (std::vector<std::string>{"a", "b.c"}));
  EXPECT_TRUE(JsonPath("$").steps().empty());
  for (auto const* name :
       {"plain", "a.b", "Total Amount", "[x]", "q\"q", "b\\b", "$", "payout@USD"}) {
    EXPECT_EQ(JsonPath(path_step(name)).steps(), std::vector<std::string>{name}) << name;
  }
  EXPECT_EQ(path_step("payout@USD"), "payout@USD");
}

TEST(JsonPath, KnowsWhatIsNoPath) {
  for (auto const* path : {"$", "a", "a.0.b", R"("a b")", R"(a."b.c".d)", R"("\"")"}) {
    EXPECT_TRUE(is_json_path(path)) << path;
  }
  for (auto const* text : {"", ".", "a.", ".a", "a..b", "a b", "a[0]", R"("a)", R"("a"b)",
                           R"(a"b")", R"("")", "$.a", R"("a\")", "it's"}) {
    EXPECT_FALSE(is_json_path(text)) << text;
  }
}

TEST(JsonPath, FindsMembersAndIndexes) {
  Json const json = parsed(R"({"data":[{"id":7,"none":null}],"totals":{"count":3},"0":"zero"})");
  EXPECT_EQ(JsonPath("data.0.id").in(json)->number_text(), "7");
  EXPECT_EQ(JsonPath("totals.count").in(json)->number_text(), "3");
  EXPECT_EQ(JsonPath("0").in(json)->as_string(), "zero");
  EXPECT_EQ(JsonPath("$").in(json), &json);
  ASSERT_NE(JsonPath("data.0.none").in(json), nullptr);
  EXPECT_TRUE(JsonPath("data.0.none").in(json)->is_null());
  for (auto const* missing :
       {"data.1.id", "data.-1", "data.x", "data.0.id.x", "nothing", "totals."}) {
    EXPECT_EQ(JsonPath(missing).in(json), nullptr) << missing;
  }
  EXPECT_EQ(JsonPath("totals.count").head(), "totals");
  EXPECT_EQ(JsonPath("$").head(), "");
}

}  // namespace
}  // namespace affsync::json_test
