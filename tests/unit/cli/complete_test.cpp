// What is offered for the last word of a command line.
#include "daemon/cli/complete.hpp"

#include <gtest/gtest.h>

namespace affsync::cli::complete_test {
namespace {

OptionInfo option(std::vector<std::string> names, std::string value = {}, bool repeatable = false) {
  OptionInfo info;
  info.names = std::move(names);
  info.value = std::move(value);
  info.repeatable = repeatable;
  return info;
}

OptionInfo argument(std::string name, std::string value = {}, bool repeatable = false) {
  auto info = option({std::move(name)}, std::move(value), repeatable);
  info.positional = true;
  return info;
}

CommandInfo command(std::string name, std::vector<OptionInfo> options) {
  CommandInfo info;
  info.name = std::move(name);
  info.options = std::move(options);
  return info;
}

// sync, inspect SOURCE STREAM, import FILE…, connectors [CONNECTOR] with test and record
CommandInfo tree() {
  auto root = command("affsync", {option({"--config"}, "FILE"), option({"--version"})});
  root.commands.push_back(
      command("sync", {option({"--source"}, "TEXT", true), option({"--stream"}, "TEXT", true),
                       option({"--quiet", "-q"}), option({"--output"}, "table|json")}));
  root.commands.push_back(command("inspect", {argument("source"), argument("stream")}));
  root.commands.push_back(
      command("import", {argument("file", "TEXT", true), option({"--source"}, "TEXT")}));
  auto connectors = command("connectors", {argument("connector")});
  connectors.commands.push_back(command("test", {argument("connector", "FILE|NAME")}));
  connectors.commands.push_back(command("record", {argument("source"), option({"--to"}, "DIR")}));
  root.commands.push_back(std::move(connectors));
  auto sources = command("sources", {});
  sources.commands.push_back(command("remove", {argument("name", "TEXT"), option({"--yes"})}));
  root.commands.push_back(std::move(sources));
  auto alerts = command("alerts", {});
  alerts.commands.push_back(command("test", {argument("name", "NAME", true)}));
  alerts.commands.push_back(command("mute", {argument("what", "RULE|ID")}));
  root.commands.push_back(std::move(alerts));
  return root;
}

KnownNames names() {
  KnownNames known;
  known.sources = [] { return std::vector<Candidate>{{"main", ""}, {"second", ""}}; };
  known.connectors = [] { return std::vector<Candidate>{{"exness", ""}, {"awin", ""}}; };
  known.removable = [] { return std::vector<Candidate>{{"old", "exness"}, {"older", "awin"}}; };
  known.rules = [] { return std::vector<Candidate>{{"late", ""}, {"login_refused", ""}}; };
  known.receivers = [] { return std::vector<Candidate>{{"ops", ""}, {"phone", ""}}; };
  known.streams = [](std::string const& source) {
    if (source == "main") return std::vector<Candidate>{{"rewards", ""}, {"clients", ""}};
    return std::vector<Candidate>{{"any", ""}};
  };
  return known;
}

std::vector<std::string> texts(std::vector<std::string> words) {
  std::vector<std::string> list;
  for (auto const& one : complete_words(tree(), std::move(words), names()).list) {
    list.push_back(one.text);
  }
  return list;
}

using Texts = std::vector<std::string>;

TEST(Complete, commands_by_their_beginning) {
  EXPECT_EQ(texts({"i"}), (Texts{"inspect", "import"}));
  EXPECT_EQ(texts({"connectors", "te"}), (Texts{"test"}));
}

TEST(Complete, options_that_are_not_there_yet) {
  EXPECT_EQ(texts({"sync", "-"}), (Texts{"--source", "--stream", "--quiet", "-q", "--output"}));
  EXPECT_EQ(texts({"sync", "-q", "--source", "main", "--"}),
            (Texts{"--source", "--stream", "--output"}));
}

TEST(Complete, values_of_an_option) {
  EXPECT_EQ(texts({"sync", "--output", ""}), (Texts{"table", "json"}));
  EXPECT_EQ(texts({"sync", "--output=j"}), (Texts{"--output=json"}));
  EXPECT_EQ(texts({"sync", "--source", "s"}), (Texts{"second"}));
}

TEST(Complete, an_equals_sign_that_the_shell_made_a_word) {
  EXPECT_EQ(texts({"sync", "--source", "="}), (Texts{"main", "second"}));
  EXPECT_EQ(texts({"sync", "--source", "=", "m"}), (Texts{"main"}));
}

TEST(Complete, streams_of_the_source_that_was_named) {
  EXPECT_EQ(texts({"sync", "--source", "main", "--stream", ""}), (Texts{"rewards", "clients"}));
  EXPECT_EQ(texts({"sync", "--source=main", "--stream", "c"}), (Texts{"clients"}));
  EXPECT_EQ(texts({"inspect", "main", "r"}), (Texts{"rewards"}));
  EXPECT_EQ(texts({"sync", "--stream", ""}), (Texts{"any"}));
}

TEST(Complete, what_may_be_removed_muted_and_tried) {
  EXPECT_EQ(texts({"sources", "remove", ""}), (Texts{"old", "older"}));
  EXPECT_EQ(texts({"sources", "remove", "--yes", "olde"}), (Texts{"older"}));
  EXPECT_EQ(texts({"sources", "remove", "old", ""}), Texts{});
  EXPECT_EQ(texts({"alerts", "mute", "lo"}), (Texts{"login_refused"}));
  EXPECT_EQ(texts({"alerts", "test", ""}), (Texts{"ops", "phone"}));
  EXPECT_EQ(texts({"alerts", "test", "ops", "p"}), (Texts{"phone"}));
}

TEST(Complete, an_option_before_the_command_is_no_command) {
  EXPECT_EQ(texts({"--config", "sync", "connectors", "a"}), (Texts{"awin"}));
}

TEST(Complete, nothing_behind_the_last_argument) {
  EXPECT_EQ(texts({"inspect", "main", "rewards", ""}), Texts{});
}

TEST(Complete, files_and_folders_are_the_shells) {
  EXPECT_TRUE(complete_words(tree(), {"import", ""}, names()).files);
  EXPECT_TRUE(complete_words(tree(), {"import", "a.csv", ""}, names()).files);
  EXPECT_TRUE(complete_words(tree(), {"--config", ""}, names()).files);
  EXPECT_TRUE(
      complete_words(tree(), {"connectors", "record", "main", "--to", ""}, names()).folders);
  auto const test = complete_words(tree(), {"connectors", "test", "ex"}, names());
  EXPECT_TRUE(test.files);
  EXPECT_EQ(test.list, (std::vector<Candidate>{{"exness", ""}}));
  EXPECT_FALSE(complete_words(tree(), {"sync", ""}, names()).files);
}

TEST(CommandTree, markdown_has_a_section_for_each_command) {
  auto root = command("affsync", {});
  auto sync = command("sync", {option({"--output"}, "table|json"), option({"--quiet", "-q"})});
  sync.help = "One pass";
  sync.options[0].help = "Format";
  sync.options[1].help = "Nothing";
  root.commands.push_back(std::move(sync));
  EXPECT_EQ(to_markdown(root),
            "\n### affsync sync\n\nOne pass.\n\n| option | |\n|---|---|\n"
            "| `--output` `table\\|json` | Format |\n| `-q`, `--quiet` | Nothing |\n");
}

}  // namespace
}  // namespace affsync::cli::complete_test
