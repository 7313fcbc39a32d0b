#include "tests/support/terminal_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "tests/support/hand_over.hpp"

namespace affsync::test {
namespace {

[[noreturn]] void fail_start(char const* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

TerminalProcess::TerminalProcess(ProcessOptions const& options, int columns) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = 40;
  if (::openpty(&terminal_, &kept_, nullptr, nullptr, &size) != 0) fail_start("openpty");
  ::fcntl(terminal_, F_SETFD, FD_CLOEXEC);
  ::fcntl(kept_, F_SETFD, FD_CLOEXEC);

  // All memory is ready before the fork.
  std::vector<std::string> words{options.program.string()};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  auto const directory = options.directory.string();
  hand_over();
  pid_ = ::fork();
  if (pid_ < 0) fail_start("fork");
  if (pid_ > 0) return;

  ::setsid();
  ::ioctl(kept_, TIOCSCTTY, 0);
  for (int const descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(kept_, descriptor);
  }
  for (auto const& name : options.unset) ::unsetenv(name.c_str());
  for (auto const& [name, value] : options.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (directory.empty() || ::chdir(directory.c_str()) == 0) {
    ::execvp(arguments[0], arguments.data());
  }
  ::_exit(127);
}

TerminalProcess::~TerminalProcess() {
  if (!ended_ && pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(kept_);
  ::close(terminal_);
}

bool TerminalProcess::read_some(std::chrono::steady_clock::time_point end) {
  auto const left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  pollfd output = {terminal_, POLLIN, 0};
  // The program's side stays open here, so its end does not end the output: look at it as well.
  constexpr std::chrono::milliseconds look{50};
  auto const wait = std::max(std::chrono::milliseconds(0), std::min(left, look));
  if (::poll(&output, 1, static_cast<int>(wait.count())) <= 0) return false;
  char buffer[4096];
  auto const count = ::read(terminal_, buffer, sizeof buffer);
  if (count <= 0) return false;
  screen_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

void TerminalProcess::wait_for(std::string const& text, Seconds limit) {
  auto const end = std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::milliseconds>(limit);
  for (;;) {
    auto const found = screen_.find(text, seen_);
    if (found != std::string::npos) {
      seen_ = found + text.size();
      return;
    }
    if (read_some(end)) continue;
    siginfo_t info{};
    bool const over =
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == pid_;
    if (over && read_some(end)) continue;
    if (over || std::chrono::steady_clock::now() > end) {
      throw std::runtime_error(
          "the terminal does not show \"" + text +
          (over ? "\" and the program has ended; it shows:\n" : "\"; it shows:\n") + screen_);
    }
  }
}

void TerminalProcess::type(std::string const& keys) const {
  if (::write(terminal_, keys.data(), keys.size()) < 0) std::perror("write to the terminal");
}

void TerminalProcess::answer(std::string const& question, std::string const& text) {
  wait_for(question);
  type(text + "\n");
}

bool TerminalProcess::echoes() const {
  termios settings{};
  return ::tcgetattr(kept_, &settings) == 0 && (settings.c_lflag & ECHO) != 0;
}

int TerminalProcess::wait(Seconds limit) {
  auto const end = std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::milliseconds>(limit);
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("the program still runs; the terminal shows:\n" + screen_);
    }
    read_some(end);
  }
  ended_ = true;
  while (read_some(std::chrono::steady_clock::now())) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace affsync::test
