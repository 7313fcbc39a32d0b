// What the command line refuses, whatever the command: values that are empty, options where they
// have no effect, numbers that mean something else than they look like.
#include <filesystem>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test::command_line_test {
namespace {

using Words = std::vector<std::string>;

class CommandLine : public Acceptance {
 protected:
  void expect_refused(Words const& words, std::string const& said) const {
    auto const done = affsync(words);
    std::string line;
    for (auto const& word : words) line += word + " ";
    EXPECT_EQ(done.status, 2) << line << done.out << done.err;
    EXPECT_NE(done.err.find(said), std::string::npos) << line << done.err;
    EXPECT_EQ(done.err.find("defect"), std::string::npos) << line << done.err;
    EXPECT_EQ(done.out, "") << line;
  }
};

TEST_F(CommandLine, an_empty_value_is_refused_by_every_command) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  for (auto const& words : std::vector<Words>{{"report", "earnings", "--source", ""},
                                              {"report", "--source", "", "earnings"},
                                              {"report", "earnings", "--source="},
                                              {"alerts", "--source", ""},
                                              {"quarantine", "--source", ""},
                                              {"quarantine", "retry", "--source", ""},
                                              {"sync", "--source", ""},
                                              {"check", "--source", ""}}) {
    expect_refused(words, "the value of `--source` is empty");
  }
  for (auto const& words : std::vector<Words>{{"quarantine", "--stream", ""},
                                              {"sync", "--stream", ""},
                                              {"quarantine", "retry", "--stream="}}) {
    expect_refused(words, "the value of `--stream` is empty");
  }
  expect_refused({"sources", "remove", ""}, "the value of `name` is empty");
  expect_refused({"status", "--config", ""}, "the value of `--config` is empty");
  expect_refused({"--config", "", "status"}, "the value of `--config` is empty");
  // Whatever psql makes of its own.
  EXPECT_EQ(affsync({"psql", "--", "-c", "select 1", "-v", "a=", "-F", ""}).status, 0);
}

TEST_F(CommandLine, an_option_before_a_subcommand_counts_or_is_refused) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  expect_refused({"alerts", "--source", "main", "mute", "silence"},
                 "`--source` stands before `mute`, which does not take it");
  EXPECT_EQ(query("select count(*) from affsync.alert_mute"), "0");
  expect_refused({"alerts", "--source", "main", "test"}, "`--source` stands before `test`");
  expect_refused({"quarantine", "--source", "main", "show", "1"}, "`--source` stands before");
  expect_refused({"quarantine", "--all", "retry"}, "`--all` stands before `retry`");
  expect_refused({"connectors", "exness", "new", "--from", config_file()},
                 "`exness` stands before `new`");
  expect_refused({"sources", "--output", "json", "remove", "main"}, "`--output` stands before");
  expect_refused({"report", "--source", "main", "earnings", "--source", "other"},
                 "`--source` is given twice, before and after `earnings`");
  expect_refused({"--config", config_file(), "status", "--config", "other.yaml"},
                 "`--config` is given twice, before and after `status`");
  // What both take counts wherever it stands.
  auto const before = affsync({"report", "--output", "json", "--by", "day", "earnings"});
  EXPECT_EQ(before.status, 0) << before.err;
  EXPECT_EQ(before.out, affsync({"report", "earnings", "--output", "json", "--by", "day"}).out);
  expect_refused({"report", "--source", "nobody", "earnings"}, "nobody");
  EXPECT_EQ(affsync({"-v", "quarantine", "--source", "main", "-v", "retry"}).status, 0);
  EXPECT_EQ(affsync({"--config", config_file(), "quarantine", "retry"}).status, 0);
}

TEST_F(CommandLine, numbers_are_plain_decimal_ones) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  for (auto const* number : {"010", "0x2", "+1", " 1", "08", "1.0", "-1", "1e1"}) {
    expect_refused({"report", "earnings", "--limit", number}, "is not a whole number");
    expect_refused({"inspect", "main", "rewards", "--rows", number}, "is not a whole number");
    expect_refused({"quarantine", "show", number}, "");
  }
  EXPECT_EQ(affsync({"report", "earnings", "--limit", "0"}).status, 0);
  EXPECT_EQ(affsync({"report", "earnings", "--limit", "10"}).status, 0);
}

}  // namespace
}  // namespace affsync::test::command_line_test
