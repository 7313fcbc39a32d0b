// Mistakes that users make in affsync.yaml, and the messages for them.
#include <gtest/gtest.h>

#include "base/schedule.hpp"
#include "config/load.hpp"

namespace affsync::config::mistakes_test {
namespace {

std::string error_of(std::string const& yaml) {
  auto const env = [](std::string const&) { return std::optional<std::string>("x"); };
  auto const config = parse_config(yaml, "f.yaml", env);
  return config ? "" : config.error().to_line();
}

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

std::string source_with(std::string const& lines) {
  return "sources:\n  - name: a\n    connector: exness\n" + lines;
}

TEST(ConfigMistakes, ATabInTheIndentation) {
  for (auto const* text : {"sources:\n  - name: a\n\tconnector: exness\n",
                           "sources:\n\t- name: a\n", "database:\n\turl: embedded\n"}) {
    EXPECT_TRUE(has(error_of(text), "a tab in the indentation")) << error_of(text);
    EXPECT_TRUE(has(error_of(text), "blanks")) << error_of(text);
  }
}

TEST(ConfigMistakes, ABracketThatIsNotClosedIsShownWhereItIsOpened) {
  // A # in an unquoted password begins a comment.
  EXPECT_TRUE(
      has(error_of(source_with("    credentials: {login: a, password: b #c}\n    every: 1h\n")),
          "f.yaml:4:18: "))
      << error_of(source_with("    credentials: {login: a, password: b #c}\n    every: 1h\n"));
  EXPECT_TRUE(has(error_of(source_with("    credentials: {login: \"a}\", password: b\n")),
                  "f.yaml:4:18: "));
  EXPECT_TRUE(has(error_of("sources: [\n"), "f.yaml:1:10: "));
}

TEST(ConfigMistakes, ADurationInWords) {
  EXPECT_TRUE(has(error_of(source_with("    every: 15 min\n")), "Write 15m."));
  EXPECT_TRUE(has(error_of(source_with("    every: 2 Hours\n")), "Write 2h."));
  EXPECT_TRUE(has(error_of(source_with("    every: 90sec\n")), "Write 90s."));
  EXPECT_EQ(error_of(source_with("    every: \"0 6 * * *\"\n")), "");
  EXPECT_EQ(error_of(source_with("    every: 15m\n")), "");
}

TEST(ConfigMistakes, AStartInTheFuture) {
  EXPECT_TRUE(
      has(error_of(source_with("    streams: {rewards: {start: 9999-12-31}}\n")), "future"));
}

TEST(ConfigMistakes, StreamsAsAList) {
  auto const text = error_of(source_with("    streams: [rewards]\n"));
  EXPECT_TRUE(has(text, "streams: {rewards: {enabled: true}")) << text;
}

TEST(ConfigMistakes, ANameThatIsNotLatin) {
  EXPECT_TRUE(has(error_of("sources:\n  - name: Мой Exness\n    connector: exness\n"), "Latin"));
}

TEST(ConfigMistakes, APlaceholderIsNotSentToABroker) {
  auto const variable =
      error_of(source_with("    credentials: {login: a, password: $EXNESS_PASSWORD}\n"));
  EXPECT_TRUE(has(variable, "looks like a variable without its braces")) << variable;
  EXPECT_FALSE(has(variable, "EXNESS")) << variable;  // it may be part of a password
  EXPECT_TRUE(has(error_of(source_with("    credentials: {login: your login, password: b}\n")),
                  "placeholder"));
  EXPECT_EQ(error_of(source_with("    credentials: {login: a, password: \"$ecret\"}\n")), "");
}

}  // namespace
}  // namespace affsync::config::mistakes_test
