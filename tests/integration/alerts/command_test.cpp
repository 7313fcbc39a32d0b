// Programs of the user's as receivers: real processes.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "daemon/alerts/command_process.hpp"
#include "daemon/alerts/receiver.hpp"
#include "daemon/alerts/words.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::alerts::command_test {
namespace {

using affsync::test::TempDir;
using std::chrono::milliseconds;
using std::chrono::seconds;

// As the program does at its start: a program that does not read its input must not end ours.
class AlertCommand : public testing::Test {
 protected:
  static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }
};

CommandEnd run_script(std::string const& script, std::string input = "",
                      milliseconds limit = seconds(20)) {
  boost::asio::io_context loop;
  return affsync::test::run_coroutine(
      loop, run_command({"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin", "ONLY=this"},
                        std::move(input), limit));
}

TEST_F(AlertCommand, GetsTheTextOnItsInput) {
  auto const end = run_script("cat", "hello\nworld");
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.output, "hello\nworld");
  EXPECT_FALSE(end.timed_out);
}

TEST_F(AlertCommand, ItsStatusAndItsOutputAreKnown) {
  auto const end = run_script("echo out; echo err >&2; exit 7");
  EXPECT_EQ(end.status, 7);
  EXPECT_EQ(end.output, "out\nerr\n");
  EXPECT_EQ(run_script("kill -TERM $$").status, 128 + SIGTERM);
}

TEST_F(AlertCommand, OneThatDoesNotReadItsInputIsNoFailure) {
  auto const end = run_script("exec 0<&-; exit 0", std::string(1 << 20, 'x'));
  EXPECT_EQ(end.status, 0) << end.output;
}

TEST_F(AlertCommand, ItsOutputIsBounded) {
  auto const end = run_script("head -c 1000000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.output, std::string(4096, 'x'));
}

TEST_F(AlertCommand, ItIsKilledWithItsGroupAtTheDeadline) {
  TempDir const dir;
  auto const file = (dir.path() / "pids").string();
  // A child in the background, which holds the output open.
  auto const end = run_script(
      "sleep 1000 & echo $! > " + file + "; echo $$ >> " + file + "; trap '' TERM; sleep 1000", "",
      milliseconds(400));
  EXPECT_TRUE(end.timed_out);
  EXPECT_TRUE(end.killed);
  std::ifstream in(file);
  int checked = 0;
  for (pid_t pid = 0; in >> pid; ++checked) {
    // It may be a zombie of a parent that does not wait for it, so look at its command line.
    for (int tries = 0; tries < 500; ++tries) {
      std::ifstream line("/proc/" + std::to_string(pid) + "/cmdline");
      if (std::string(std::istreambuf_iterator<char>(line), {}).empty()) break;
      std::this_thread::sleep_for(milliseconds(10));
    }
    std::ifstream line("/proc/" + std::to_string(pid) + "/cmdline");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(line), {}), "") << pid;
  }
  EXPECT_EQ(checked, 2);
}

// Mail programs deliver in the background.
TEST_F(AlertCommand, WhatItLeavesBehindIsNeitherKilledNorWaitedFor) {
  TempDir const dir;
  auto const file = (dir.path() / "done").string();
  auto const go = (dir.path() / "go").string();
  auto const end = run_script("(while [ ! -e " + go + " ]; do sleep 0.02; done; echo yes > " +
                              file + ") & exit 0");
  EXPECT_EQ(end.status, 0);
  EXPECT_FALSE(end.timed_out);
  dir.write("go", "");
  std::string text;
  for (int tries = 0; tries < 1000 && text.empty(); ++tries) {
    std::ifstream in(file);
    in >> text;
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(text, "yes");
}

TEST_F(AlertCommand, HasNoEnvironmentButItsOwnAndNoFileOfOurs) {
  ::setenv("PLANTED", "planted-secret", 1);
  int const ours = ::dup(1);  // would be inherited
  auto const end = run_script("env; ls /proc/self/fd | sort -n | tr '\\n' ' '");
  ::close(ours);
  ::unsetenv("PLANTED");
  EXPECT_EQ(end.output.find("PLANTED"), std::string::npos) << end.output;
  EXPECT_NE(end.output.find("ONLY=this"), std::string::npos) << end.output;
  // 3 is the directory that ls reads.
  EXPECT_TRUE(end.output.ends_with("0 1 2 3 ")) << end.output;
}

// Runs for a user without rights a program that becomes root, as some mail programs do.
CommandEnd run_as_nobody(std::vector<std::string> const& arguments) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  pid_t const child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    CommandEnd end;
    if (::setresuid(nobody, nobody, nobody) == 0) {
      boost::asio::io_context loop;
      end = affsync::test::run_coroutine(loop, run_command(arguments, {}, "", milliseconds(300)));
    }
    char const told[] = {end.timed_out ? 'y' : 'n', end.killed ? 'y' : 'n'};
    ::_exit(::write(ends[1], told, sizeof told) == sizeof told ? 0 : 1);
  }
  ::close(ends[1]);
  char told[2] = {'?', '?'};
  EXPECT_EQ(::read(ends[0], told, sizeof told), 2);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  CommandEnd end;
  end.timed_out = told[0] == 'y';
  end.killed = told[1] == 'y';
  return end;
}

// Else one mail program that hangs stops the daemon with all its runs.
TEST_F(AlertCommand, OneThatMayNotBeKilledIsNotWaitedFor) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  namespace fs = std::filesystem;
  TempDir const dir;
  fs::permissions(dir.path(), fs::perms(0755));
  auto const program = dir.path() / "setpriv";
  fs::copy_file("/usr/bin/setpriv", program);
  fs::permissions(program, fs::perms(04755));
  auto const pid_file = (dir.path() / "pid").string();
  auto const end = run_as_nobody({program.string(), "--reuid", "0", "--clear-groups", "/bin/sh",
                                  "-c", "echo $$ > " + pid_file + "; exec sleep 20"});
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  ASSERT_GT(pid, 0);
  EXPECT_EQ(::kill(pid, 0), 0) << "it was waited for";
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(end.timed_out);
  EXPECT_FALSE(end.killed);
}

TEST_F(AlertCommand, OneThatDoesNotExistSaysSo) {
  boost::asio::io_context loop;
  auto const end =
      affsync::test::run_coroutine(loop, run_command({"/nonexistent/program"}, {}, "", seconds(5)));
  EXPECT_EQ(end.problem, "/nonexistent/program cannot be started: No such file or directory");
}

TEST_F(AlertCommand, NoShellReadsItsArguments) {
  config::AlertReceiver receiver;
  receiver.name = "mail";
  receiver.timeout = seconds(20);
  receiver.command = {"/bin/echo", "-n", "${title}", "$(id)", "; ls", "a  b"};
  boost::asio::io_context loop;
  auto const made = make_receiver(loop.get_executor(), receiver).value();
  auto message = sample_message("mail", random_key(), SystemClock().now());
  message.title = "`id` $(id) | ls";
  auto const outcome = affsync::test::run_coroutine(loop, made->send(message));
  EXPECT_TRUE(outcome.sent);
  EXPECT_EQ(outcome.said, "the command ended with status 0: `id` $(id) | ls $(id) ; ls a b");
}

TEST_F(AlertCommand, AFailureShowsItsOutputWithoutItsArguments) {
  TempDir const dir;
  auto const script = dir.write("notify", "#!/bin/sh\necho cannot use $1 >&2\nexit 3\n");
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  config::AlertReceiver receiver;
  receiver.name = "own";
  receiver.timeout = seconds(20);
  receiver.command = {script.string(), "planted-token"};
  boost::asio::io_context loop;
  auto const made = make_receiver(loop.get_executor(), receiver).value();
  auto const outcome = affsync::test::run_coroutine(
      loop, made->send(sample_message("own", random_key(), SystemClock().now())));
  EXPECT_FALSE(outcome.sent);
  EXPECT_EQ(outcome.problem, "the command ended with status 3: cannot use ***");
}

}  // namespace
}  // namespace affsync::alerts::command_test
