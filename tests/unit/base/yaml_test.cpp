// YAML with positions: every error has line and column, and no message quotes a value.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/yaml/node.hpp"

namespace affsync::yaml::yaml_test {
namespace {

Node parse(std::string_view text, Expand const& expand = {}) {
  return Node::parse(text, "x.yaml", expand);
}

// The first line of the error that `work` ends with.
template <class Work>
std::string failure_of(Work const& work) {
  try {
    work();
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::config_invalid);
    return failure.what();
  }
  return "no failure";
}
std::string parse_failure(std::string_view text) {
  return failure_of([&] { parse(text); });
}

TEST(Yaml, ScalarsKeepTheirText) {
  auto const node = parse("[0x10, 007, 1.50, 'null', \"~\", yes, 2025-01-01, !!str 5, \"a\\tb\"]");
  auto const items = node.items();
  std::vector<std::string> texts;
  for (auto const& item : items) texts.push_back(item.text());
  EXPECT_EQ(texts, (std::vector<std::string>{"0x10", "007", "1.50", "null", "~", "yes",
                                             "2025-01-01", "5", "a\tb"}));
}

TEST(Yaml, NullIsNothingTildeAndTheWord) {
  for (auto const* text : {"", "# only a comment\n", "~", "null", "---\n"}) {
    EXPECT_TRUE(parse(text).is_null()) << text;
  }
  EXPECT_TRUE(parse("a:\n").members().at(0).second.is_null());
}

TEST(Yaml, PlacesCountFromOne) {
  auto const root = parse("a: 1\nlist:\n  - x\n  -   y\nmap: {k: v}\n");
  auto const members = root.members();
  EXPECT_EQ(root.where(), "x.yaml:1:1");
  EXPECT_EQ(members[0].second.where(), "x.yaml:1:4");
  EXPECT_EQ(members[1].second.items()[1].where(), "x.yaml:4:7");
  EXPECT_EQ(members[2].second.members()[0].second.where(), "x.yaml:5:10");
  EXPECT_EQ(root.entries()[1].first.where(), "x.yaml:2:1");
}

TEST(Yaml, ColumnsCountCharactersNotBytes) {
  auto const root = parse("{имя: значение, b: 1}");
  EXPECT_EQ(root.entries()[1].first.where(), "x.yaml:1:17");
}

TEST(Yaml, ByteOrderMarkAndWindowsLineEndsAreFine) {
  auto const root = parse(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  EXPECT_EQ(root.members()[0].first, "a");
  EXPECT_EQ(root.members()[1].second.text(), "2");
  EXPECT_EQ(root.members()[1].second.where(), "x.yaml:2:4");
}

TEST(Yaml, DuplicateKeyIsRefusedWithBothPlaces) {
  EXPECT_EQ(parse_failure("a: 1\nb: 2\n\"a\": 3\n"),
            "x.yaml:3:1: the key \"a\" occurs twice. The first one is at x.yaml:1:1.");
  EXPECT_EQ(parse_failure("s:\n  - {k: 1, k: 2}\n"),
            "x.yaml:2:12: the key \"k\" occurs twice. The first one is at x.yaml:2:6.");
}

TEST(Yaml, SyntaxErrorsHavePlaceAndPlainWords) {
  EXPECT_EQ(parse_failure("a: 1\n\tb: 2\n").substr(0, 12), "x.yaml:2:1: ");
  auto const second_colon = parse_failure("a: 1\npassword: hun: ter2\n");
  EXPECT_EQ(second_colon,
            "x.yaml:2:14: not valid YAML: an unexpected colon, such as a second one on the same "
            "line. Check the indentation and that each colon is followed by a blank; put a text "
            "with special characters in quotes.");
  EXPECT_NE(parse_failure("a: [1, 2\nb: 3\n").find("not valid YAML: a [ without its ]"),
            std::string::npos);
  for (auto const* text : {"a: \"x\n", "a: \"x", "a: 'x\nb: 1\n", "a: \"x\n\n# end\n"}) {
    EXPECT_NE(parse_failure(text).find("a quote that is not closed"), std::string::npos) << text;
  }
}

TEST(Yaml, KeyWithoutItsColonIsRefusedUnquoted) {
  std::string const message =
      "a key without a colon and a value. Write `key: value`, with a blank between.";
  EXPECT_EQ(parse_failure("a: 1\nhunter2\n"), "x.yaml:2:1: " + message);
  EXPECT_EQ(parse_failure("a: {b: 1, hunter2}\n"), "x.yaml:1:11: " + message);
  EXPECT_EQ(parse_failure("a: {password:hunter2}\n"), "x.yaml:1:5: " + message);
  for (auto const* fine : {"a:\n", "a :\n", "\"a\":\n", "'a' : \n", "{a: , b: }", "{\"a\":, b:}",
                           "\"\\x61\":\n", "я:\n", "- a:\n- b:\n", "a: # nothing\n"}) {
    EXPECT_EQ(parse_failure(fine), "no failure") << fine;
  }
}

TEST(Yaml, NullStandsAtItsKey) {
  auto const root = parse("a: 1\nb:\n\nc: 2\n");
  EXPECT_TRUE(root.members()[1].second.is_null());
  EXPECT_EQ(root.members()[1].second.where(), "x.yaml:2:1");
}

TEST(Yaml, NoMessageQuotesTheTextAroundAMistake) {
  for (auto const* text : {"password: *hunter2\n",
                           "password: &hunter2 \n  - [\n",
                           "password: @hunter2\n",
                           "password: %hunter2\n",
                           "password: !hunter2 x\n",
                           "password: \"hunter2\\q\"\n",
                           "password: \"hunter2\n",
                           "password: 'hunter2\n",
                           "password: hunter2: x\n",
                           "{password: hunter2\n",
                           "a: 1\nhunter2\n",
                           "- a\nhunter2: 1\n",
                           "password: `hunter2`\n",
                           "password: !<hunter2 x\n",
                           "password: *hunter2: \n",
                           "%YAML hunter2\n---\na: 1\n",
                           "password: hunter2\n  more: x\n",
                           "password: | hunter2\n",
                           "password: ]hunter2\n",
                           "a: 1\n---\nhunter2\n",
                           "password: \"\\x4hunter2\"\n",
                           "? [hunter2]\n: 1\n",
                           "{hunter2: {a: 1, a: 2}}\n"}) {
    auto const message = parse_failure(text);
    EXPECT_NE(message, "no failure") << text;
    EXPECT_EQ(message.find("unter2"), std::string::npos) << message;
    EXPECT_EQ(message.substr(0, 7), "x.yaml:") << message;
  }
}

TEST(Yaml, TagsAreRefused) {
  EXPECT_EQ(parse_failure("a: !secret b\n"),
            "x.yaml:1:4: a type tag (a word that begins with !) is not supported. Put a text that "
            "begins with ! in quotes.");
  EXPECT_NE(parse_failure("a: !!int 5\n"), "no failure");
  EXPECT_NE(parse_failure("a: !x {b: 1}\n"), "no failure");
  EXPECT_NE(parse_failure("a: !x [b]\n"), "no failure");
}

TEST(Yaml, TagWithoutAValueIsRefused) {
  EXPECT_NE(parse_failure("password: !x\n"), "no failure");
}

TEST(Yaml, KeysMustBeTexts) {
  EXPECT_EQ(parse_failure("? [a]\n: 1\n"), "x.yaml:1:3: a key must be a plain text");
  EXPECT_EQ(parse_failure("{{a: 1}: 2}\n"), "x.yaml:1:2: a key must be a plain text");
  // null is no text either; who reads the entries may give it a meaning.
  EXPECT_EQ(failure_of([] { parse("~: 1\n").members(); }),
            "x.yaml:1:1: expected a text, found nothing");
  EXPECT_TRUE(parse("{a: 1, null: 2}\n").entries()[1].first.is_null());
}

TEST(Yaml, SecondDocumentIsRefused) {
  EXPECT_EQ(parse_failure("a: 1\n---\nb: 2\n"),
            "x.yaml:3:1: a second document after ---. Keep one document per file.");
}

TEST(Yaml, WhatIsNotUtf8OrAControlCharacterIsRefusedWithItsPlace) {
  EXPECT_EQ(parse_failure("a: 1\nb: \xFF\n"),
            "x.yaml:2:4: the text is not UTF-8. Save the file in the UTF-8 encoding.");
  EXPECT_EQ(parse_failure(std::string_view("a: 1\nb: \0\n", 10)),
            "x.yaml:2:4: a control character in the text. Remove it.");
  EXPECT_EQ(parse_failure("\x1B[31m"), "x.yaml:1:1: a control character in the text. Remove it.");
  EXPECT_EQ(parse_failure("a: \"\\0\"\n"), "x.yaml:1:4: a text contains the character U+0000");
}

TEST(Yaml, DepthAndSizeAreLimited) {
  EXPECT_EQ(parse_failure(std::string(64, '[') + std::string(64, ']')), "no failure");
  EXPECT_EQ(parse_failure(std::string(65, '[') + std::string(65, ']')),
            "x.yaml:1:65: nested too deeply");
  EXPECT_NE(parse_failure(std::string(100'000, '[')), "no failure");
  EXPECT_EQ(parse_failure(std::string(5'000'000, ' ')), "x.yaml: larger than 4 MiB");
}

TEST(Yaml, AliasesStandForTheirAnchor) {
  auto const root = parse("a: &x {k: 1}\nb: *x\n");
  EXPECT_EQ(root.members()[1].second.members()[0].second.text(), "1");
}

TEST(Yaml, MergeKeyAddsWhatTheMappingDoesNotSay) {
  auto const root =
      parse("one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nall:\n  <<: [*one, *two]\n  a: 0\n");
  std::map<std::string, std::string> all;
  for (auto const& [key, value] : root.members()[2].second.members()) all[key] = value.text();
  EXPECT_EQ(all, (std::map<std::string, std::string>{{"a", "0"}, {"b", "1"}, {"c", "2"}}));
  EXPECT_EQ(parse_failure("a: {<<: 5}"), "x.yaml:1:9: << takes a mapping or a list of mappings");
}

TEST(Yaml, AliasInsideItsOwnAnchorIsRefused) {
  EXPECT_EQ(parse_failure("a: &x [1, *x]\n"),
            "x.yaml:1:11: an alias is inside the value that it names");
}

TEST(Yaml, AliasesOfAliasesCannotGrowWithoutBound) {
  std::string text = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 60; ++i) {
    auto const last = "a" + std::to_string(i - 1), name = "a" + std::to_string(i);
    text += name + ": &" + name + " [*" + last + ", *" + last + "]\n";
  }
  EXPECT_NE(parse_failure(text).find("expands to too many values"), std::string::npos);
}

TEST(Yaml, ExpandReplacesValuesButNotKeys) {
  auto const expand = [](std::string const& written) -> std::optional<std::string> {
    if (written != "IN") return std::nullopt;
    return "out";
  };
  auto const root = parse("{IN: IN, b: [IN, as it is]}", expand);
  EXPECT_EQ(root.members()[0].first, "IN");
  EXPECT_EQ(root.members()[0].second.text(), "out");
  EXPECT_TRUE(root.members()[0].second.is_expanded());
  EXPECT_EQ(root.members()[1].second.items()[0].text(), "out");
  EXPECT_EQ(root.members()[1].second.items()[1].text(), "as it is");
  EXPECT_FALSE(root.members()[1].second.items()[1].is_expanded());
}

TEST(Yaml, ItemsOfTheListNamedAreLeftAsTheyAreWritten) {
  auto const expand = [](std::string const&) { return std::optional<std::string>("out"); };
  auto const root = Node::parse("{command: [IN, {a: IN}], b: {command: IN}, c: [[IN], IN]}",
                                "x.yaml", expand, {}, "command");
  auto const members = root.members();
  EXPECT_EQ(members[0].second.items()[0].text(), "IN");
  EXPECT_FALSE(members[0].second.items()[0].is_expanded());
  EXPECT_EQ(members[0].second.items()[1].members()[0].second.text(), "out");
  EXPECT_EQ(members[1].second.members()[0].second.text(), "out");
  EXPECT_EQ(members[2].second.items()[0].items()[0].text(), "out");
  EXPECT_EQ(members[2].second.items()[1].text(), "out");
}

TEST(Yaml, ExpandedTextIsNeverQuoted) {
  auto const secret = [](std::string const&) { return std::optional<std::string>("hunter2"); };
  auto const node = parse("x", secret);
  EXPECT_EQ(failure_of([&] { node.as_integer(1, 9); }),
            "x.yaml:1:1: expected a whole number from 1 to 9, found a value from the environment");
  EXPECT_EQ(failure_of([&] { node.as_bool(); }).find("hunter2"), std::string::npos);
  EXPECT_EQ(failure_of([&] { node.as_number(0, 1); }).find("hunter2"), std::string::npos);
}

TEST(Yaml, FailureOfExpandGetsItsPlace) {
  auto const expand = [](std::string const&) -> std::optional<std::string> {
    throw Failure(ErrorCode::secret_missing, "unset");
  };
  try {
    parse("a:\n  - b\n", expand);
    FAIL() << "no failure";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::secret_missing);
    EXPECT_EQ(failure.error().where, "x.yaml:2:5");
  }
}

TEST(Yaml, BooleansIntegersAndNumbers) {
  for (auto const* text : {"true", "Yes", "ON"}) EXPECT_TRUE(parse(text).as_bool()) << text;
  for (auto const* text : {"false", "no", "OFF"}) EXPECT_FALSE(parse(text).as_bool()) << text;
  EXPECT_EQ(failure_of([] { parse("maybe").as_bool(); }),
            "x.yaml:1:1: expected true or false, found \"maybe\"");
  EXPECT_EQ(failure_of([] { parse("[]").as_bool(); }),
            "x.yaml:1:1: expected true or false, found a list");

  EXPECT_EQ(parse("-3").as_integer(-3, 5), -3);
  for (auto const* text :
       {"6", "-4", "1.0", "1e2", "0x1", "1 2", "99999999999999999999", "{}", "~"}) {
    EXPECT_NE(failure_of([&] { parse(text).as_integer(-3, 5); }), "no failure") << text;
  }
  EXPECT_EQ(failure_of([] { parse("six").as_integer(1, 5); }),
            "x.yaml:1:1: expected a whole number from 1 to 5, found \"six\"");

  EXPECT_DOUBLE_EQ(parse("2.5").as_number(0, 5), 2.5);
  for (auto const* text : {"nan", "inf", "5.01", "-1", "1,5", "1.5x", "[]"}) {
    EXPECT_NE(failure_of([&] { parse(text).as_number(0, 5); }), "no failure") << text;
  }
}

TEST(Yaml, WrongKindsSayWhatWasFound) {
  EXPECT_EQ(failure_of([] { parse("{a: 1}").text(); }),
            "x.yaml:1:1: expected a text, found a mapping");
  EXPECT_EQ(failure_of([] { parse("").text(); }), "x.yaml:1:1: expected a text, found nothing");
  EXPECT_EQ(failure_of([] { parse("abc").items(); }), "x.yaml:1:1: expected a list, found \"abc\"");
  EXPECT_EQ(failure_of([] { parse("[1]").members(); }),
            "x.yaml:1:1: expected a mapping, found a list");
}

TEST(YamlMap, UnknownKeyNamesItsPlaceAndTheNearest) {
  Map map(parse("name: x\nevrey: 5m\n"), "a source");
  map.require("name");
  map.find("every");
  map.find("timeout");
  EXPECT_EQ(failure_of([&] { map.finish(); }),
            "x.yaml:2:1: unknown key \"evrey\" in a source. Did you mean `every`?");
}

TEST(YamlMap, AMistypedKeyIsNamedRatherThanMissed) {
  Map map(parse("conector: exness\n"), "a source");
  EXPECT_EQ(failure_of([&] { map.require("connector"); }),
            "x.yaml:1:1: unknown key \"conector\" in a source. Did you mean `connector`?");
}

TEST(YamlMap, UnknownKeyWithoutANearOneListsAll) {
  Map map(parse("zzz: 1\n"), "tls");
  map.find("ca_file");
  EXPECT_EQ(failure_of([&] { map.finish(); }),
            "x.yaml:1:1: unknown key \"zzz\" in tls. Known are: ca_file.");
}

TEST(YamlMap, ExplainedKeyGetsItsAdvice) {
  Map map(parse("verify: off\n"), "tls");
  map.find("ca_file");
  map.explain("verify", "It cannot be turned off.");
  EXPECT_EQ(failure_of([&] { map.finish(); }),
            "x.yaml:1:1: unknown key \"verify\" in tls. It cannot be turned off.");
}

TEST(YamlMap, AbsentAndNullAreNotFound) {
  Map map(parse("a: ~\nb: ''\n"), "it");
  EXPECT_FALSE(map.find("a"));
  EXPECT_TRUE(map.find("b"));
  EXPECT_FALSE(map.find("c"));
  EXPECT_EQ(failure_of([&] { map.require("c"); }), "x.yaml:1:1: it needs the key `c`");
  EXPECT_EQ(failure_of([&] { map.finish(); }), "no failure");
}

TEST(YamlMap, RefusesWhatIsNoMapping) {
  EXPECT_EQ(failure_of([] { Map(parse("[]"), "a source"); }),
            "x.yaml:1:1: expected a source as a mapping, found a list");
}

TEST(Quoted, ShortensBetweenCharactersAndHidesControls) {
  EXPECT_EQ(yaml::quoted("a\nb\x1B"), "\"a?b?\"");
  EXPECT_EQ(yaml::quoted(std::string(100, 'x')), '"' + std::string(60, 'x') + "...\"");
  std::string const cyrillic = std::string(59, 'x') + "я и дальше";  // я begins at byte 60
  EXPECT_EQ(yaml::quoted(cyrillic), '"' + std::string(59, 'x') + "...\"");
}

}  // namespace
}  // namespace affsync::yaml::yaml_test
