// The output and exit status of commands, and the messages for an invalid command line.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::output_test {
namespace {

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

class CommandOutput : public PlainAcceptance {
 protected:
  // Redirects standard output with shell syntax: "> /dev/full", ">&-", "| head -1".
  Finished redirected(std::vector<std::string> arguments, std::string const& where) {
    auto options = command(arguments);
    std::vector<std::string> shell{"-c", "\"$0\" \"$@\" " + where, options.program.string()};
    shell.insert(shell.end(), options.arguments.begin(), options.arguments.end());
    options.program = "/bin/sh";
    options.arguments = shell;
    return run(options);
  }
};

TEST_F(CommandOutput, that_cannot_be_written_is_a_failure_of_every_command) {
  serve_rows({R"({"id":1,"amount":"1.50","currency":"USD","day":"2026-01-02"})"});
  ASSERT_EQ(sync().status, 0);
  std::vector<std::vector<std::string>> const commands{
      {"--help"},
      {"--version"},
      {"version"},
      {"sync", "--help"},
      {"connectors"},
      {"connectors", "plain", "--output", "json"},
      {"check"},
      {"check", "--output", "json"},
      {"inspect", "main", "rows"},
      {"sync"},
      {"sync", "--output", "json"},
      {"status"},
      {"status", "--output", "json"},
      {"report", "earnings"},
      {"report", "earnings", "--output", "csv"},
      {"report", "earnings", "--output", "json"},
      {"migrate"},
      {"quarantine"},
      {"quarantine", "--output", "csv"},
  };
  for (auto const& arguments : commands) {
    std::string name;
    for (auto const& word : arguments) name += " " + word;
    for (auto const* where : {"> /dev/full", ">&-"}) {
      auto const printed = redirected(arguments, where);
      EXPECT_EQ(printed.status, 1) << name << where << printed.err;
      EXPECT_TRUE(has(printed.err, "affsync: standard output could not be written"))
          << name << where << ": " << printed.err;
    }
    // The reader of a pipe may stop reading at any time.
    auto const closed = redirected(arguments, "| true");
    EXPECT_FALSE(has(closed.err, "could not be written")) << name << ": " << closed.err;
  }
}

TEST_F(CommandOutput, a_wrong_command_line_is_told_with_the_word_that_is_meant) {
  struct Case {
    std::vector<std::string> arguments;
    std::string message, hint;
  };
  std::vector<Case> const cases{
      {{"stats"}, "there is no command `stats`", "`affsync status`"},
      {{"help"}, "there is no command `help`", "`affsync --help`"},
      {{"sync", "--sorce", "x"}, "there is no option `--sorce` of `affsync sync`", "`--source`"},
      {{"sync", "--sorce=x"}, "there is no option `--sorce`", "`--source`"},
      {{"sync", "--sorce", "x"}, "--sorce x", ""},
      {{"sync", "extra"}, "`extra`", "affsync sync --help"},
      {{"quarantine", "rety"}, "there is no command `rety`", "`affsync quarantine retry`"},
      {{"report", "earning"}, "`earning` is not one of", "`earnings`"},
      {{"report", "earnings", "--by", "months"}, "--by", "`month`"},
      {{"inspect", "a", "b", "--rows", "0"}, "--rows", "1 to 1000"},
      {{"sync", "--since", "tomorrow"}, "`tomorrow` is not a day", "yesterday"},
      {{"sync", "--since", "2999-06-01"}, "--since 2999-06-01 is in the future", "has begun"},
      {{"import", "--source", "main", "--since", "2999-06-01", "/dev/null"},
       "--since 2999-06-01 is in the future",
       "has begun"},
      {{"schema"}, "config or connector is required", "affsync schema --help"},
      {{"quarantine", "show", "x"},
       "`x` is not a number of a row",
       "affsync quarantine show --help"},
      {{"quarantine", "accept", "7", "8th"}, "`8th` is not a number of a row", ""},
      {{"connectors", "new", "--from", "/dev/null", "--name", "my-csv"},
       "--name my-csv cannot be the name of a connector",
       "such as my_csv"},
      {{"psql", "-c", "select 1"}, "there is no option `-c`", "affsync psql -- -c"},
      {{"report", "unpayd"}, "`unpayd` is not one of", "`unpaid`"},
      {{"report", "runs", "--by", "years"}, "--by", ""},
      {{}, "a command is needed", "affsync --help"},
  };
  for (auto const& one : cases) {
    auto const ended = affsync(one.arguments);
    EXPECT_EQ(ended.status, 2) << ended.err;
    EXPECT_EQ(ended.err.rfind("affsync: ", 0), 0u) << ended.err;
    EXPECT_TRUE(has(ended.err, one.message)) << ended.err;
    EXPECT_TRUE(has(ended.err, one.hint)) << ended.err;
    EXPECT_EQ(ended.out, "");
  }
}

TEST_F(CommandOutput, usage_and_version_are_short) {
  auto const help = affsync({"sync", "--help"});
  EXPECT_TRUE(has(help.out, "Usage: affsync sync")) << help.out;
  auto const version = affsync({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out.rfind("affsync ", 0), 0u);
  EXPECT_EQ(std::count(version.out.begin(), version.out.end(), '\n'), 1) << version.out;
  EXPECT_TRUE(has(affsync({"version"}).out, "OpenSSL"));
}

// Each command is stopped while the broker lets it wait for an answer.
TEST_F(CommandOutput, an_interrupted_command_ends_with_130_and_says_what_is_true) {
  serve_rows({R"({"id":1})"});
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false, go = false;
  auto const stopped = [&](std::vector<std::string> const& arguments) {
    serve([&](std::string const&) {
      std::unique_lock lock(mutex);
      asked = true;
      changed.notify_all();
      changed.wait(lock, [&] { return go; });
      return std::string();
    });
    {
      std::lock_guard const lock(mutex);
      asked = go = false;
    }
    auto const running = start(arguments);
    {
      std::unique_lock lock(mutex);
      EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] { return asked; }));
    }
    running->signal(SIGINT);
    EXPECT_EQ(running->wait(), 130) << arguments.front();
    std::lock_guard const lock(mutex);
    go = true;
    changed.notify_all();
    return running->out() + running->err();
  };
  auto const synced = stopped({"sync"});
  EXPECT_TRUE(has(synced, "cancelled")) << synced;
  EXPECT_TRUE(has(synced, "The next run resumes where this one stopped")) << synced;
  auto const dry = stopped({"sync", "--dry-run"});
  EXPECT_TRUE(has(dry, "cancelled")) << dry;
  EXPECT_FALSE(has(dry, "resumes")) << dry;
  for (auto const& command : std::vector<std::vector<std::string>>{
           {"check"}, {"inspect", "main", "rows"}, {"connectors", "record", "main"}}) {
    auto const told = stopped(command);
    EXPECT_TRUE(has(told, "stopped by a signal before the end of the work")) << told;
  }
}

TEST_F(CommandOutput, a_quiet_sync_speaks_only_of_what_needs_attention) {
  serve_rows({R"({"id":1,"amount":"1.50"})"});
  auto const fine = affsync({"sync", "--quiet"});
  EXPECT_EQ(fine.status, 0);
  EXPECT_EQ(fine.out + fine.err, "");
  serve([](std::string const&) {
    return std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  auto const bad = affsync({"sync", "-q"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_TRUE(has(bad.out, "rows")) << bad.out << bad.err;
}

TEST_F(CommandOutput, what_only_reads_makes_no_embedded_database) {
  serve_rows({R"({"id":1,"amount":"1.50"})"});
  auto text = config_text();
  auto const begin = text.find("database:");
  auto const state = dir_.path() / "state";
  text.replace(begin, text.find('\n', begin) - begin,
               "database: {url: embedded, state_dir: " + state.string() + "}");
  dir_.write("affsync.yaml", text);
  auto const dry = affsync({"migrate", "--dry-run"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_TRUE(has(dry.out, "would apply 0001_sources.sql")) << dry.out;
  EXPECT_TRUE(has(dry.out, "the database is at version 0")) << dry.out;
  for (auto const* command : {"status", "quarantine"}) {
    auto const ended = affsync({command});
    EXPECT_EQ(ended.status, 3) << command;
    EXPECT_TRUE(has(ended.err, "there is no database yet")) << ended.err;
  }
  EXPECT_EQ(affsync({"report", "earnings"}).status, 3);
  EXPECT_EQ(affsync({"sync", "--dry-run"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(CommandOutput, a_dry_run_of_migrate_tells_the_version_that_there_is) {
  serve_rows({R"({"id":1,"amount":"1.50"})"});
  use_empty_database();
  auto const dry = affsync({"migrate", "--dry-run"});
  EXPECT_TRUE(has(dry.out, "the database is at version 0")) << dry.out;
}

}  // namespace
}  // namespace affsync::test::output_test
