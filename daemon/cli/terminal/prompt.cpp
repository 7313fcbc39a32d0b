#include "daemon/cli/terminal/prompt.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/error.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/console.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/signals.hpp"

namespace affsync::cli {
namespace {

std::sig_atomic_t volatile caught_signal = 0;

extern "C" void note_signal_at_prompt(int number) {
  caught_signal = number;
}

// During its lifetime, signals that end the process only end a wait in poll_input().
class CaughtSignals {
 public:
  CaughtSignals() {
    caught_signal = 0;
    sigset_t blocked;
    sigemptyset(&blocked);
    for (int const number : numbers) sigaddset(&blocked, number);
    pthread_sigmask(SIG_BLOCK, &blocked, &before_mask_);
    struct sigaction action = {};
    action.sa_handler = note_signal_at_prompt;
    for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &action, &before_[i]);
  }
  ~CaughtSignals() {
    for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &before_[i], nullptr);
    pthread_sigmask(SIG_SETMASK, &before_mask_, nullptr);
  }
  CaughtSignals(CaughtSignals const&) = delete;
  CaughtSignals& operator=(CaughtSignals const&) = delete;

  // Waits for input. Returns false if a signal came; none is lost between the check and the wait.
  bool poll_input() const {
    for (;;) {
      if (caught_signal != 0) return false;
      pollfd input = {STDIN_FILENO, POLLIN, 0};
      if (::ppoll(&input, 1, nullptr, &before_mask_) > 0) return caught_signal == 0;
      if (errno != EINTR) return true;  // read() reports what is wrong
    }
  }

 private:
  static constexpr std::array<int, 4> numbers{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, 4> before_{};
  sigset_t before_mask_{};
};

// Switches the echo off for its lifetime. Ctrl-Z is off too: it would leave the shell with it.
class SilentInput {
 public:
  SilentInput() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    changed_ = true;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_cc[VSUSP] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &silent);
  }
  ~SilentInput() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
  SilentInput(SilentInput const&) = delete;
  SilentInput& operator=(SilentInput const&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

void write_prompt(std::string const& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    auto const count = ::write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) return;  // the terminal is gone; so is the input
    if (count > 0) done += static_cast<std::size_t>(count);
  }
}

// Reads one line without its line feed.
std::string read_answer(CaughtSignals const& signals) {
  std::string line;
  line.reserve(4096);  // the longest line of a terminal: no copies of a secret stay behind
  for (;;) {
    if (!signals.poll_input()) {
      write_prompt("\n");
      note_stop_signal(caught_signal);
      throw Failure(ErrorCode::cancelled, "stopped; of these answers nothing was written");
    }
    char letter = 0;
    auto const count = ::read(STDIN_FILENO, &letter, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      write_prompt("\n");
      throw Failure(ErrorCode::cancelled, "the input ended before all questions were answered",
                    "Of these answers nothing was written.");
    }
    if (letter == '\n') return line;
    line += letter;
  }
}

// Returns a number of at most three digits; 0 for anything else.
std::size_t number_in(std::string const& answer) {
  bool const digits = !answer.empty() && answer.size() < 4 &&
                      answer.find_first_not_of("0123456789") == std::string::npos;
  return digits ? std::stoul(answer) : 0;
}

std::string without_outer_blanks(std::string text) {
  auto const from = text.find_first_not_of(" \t\r");
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

}  // namespace

std::size_t Prompt::choose_or_say(std::string const& question,
                                  std::vector<std::string> const& lines, std::string& other) const {
  show(lines);
  for (;;) {
    auto const answer = ask(question);
    auto const number = number_in(answer);
    if (number >= 1 && number <= lines.size()) return number - 1;
    if (!answer.empty() && answer.find_first_not_of("0123456789") != std::string::npos) {
      other = answer;
      return lines.size();
    }
    say("Please answer with a number from 1 to " + std::to_string(lines.size()) + ", or a name.");
  }
}

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

void Prompt::say(std::string const& text) const {
  auto const terminal = log::look_at_terminal(STDERR_FILENO);
  std::string out;
  for (std::size_t from = 0; from < text.size();) {
    auto const end = std::min(text.find('\n', from), text.size());
    auto const line = text.substr(from, end - from);
    auto const indent = line.substr(0, std::min(line.find_first_not_of(' '), line.size()));
    out += line.empty() ? "\n" : wrap_text(line.substr(indent.size()), indent, terminal.columns);
    from = end + 1;
  }
  write_prompt(out);
}

std::string Prompt::ask(std::string const& question, std::string const& preset) const {
  CaughtSignals const signals;
  write_prompt(question + (preset.empty() ? "" : " [" + preset + "]") + ": ");
  auto answer = without_outer_blanks(read_answer(signals));
  return answer.empty() ? preset : answer;
}

Secret Prompt::ask_hidden(std::string const& question) const {
  CaughtSignals const signals;
  SilentInput const silent;  // before the question, so that no early answer is echoed
  write_prompt(question + " (not shown): ");
  auto answer = Secret(read_answer(signals));
  write_prompt("\n");
  return answer;
}

bool Prompt::confirm(std::string const& question, bool preset) const {
  for (;;) {
    auto const answer = ask(question + (preset ? " [Y/n]" : " [y/N]"));
    if (answer.empty()) return preset;
    if (answer == "y" || answer == "Y" || answer == "yes") return true;
    if (answer == "n" || answer == "N" || answer == "no") return false;
    say("Please answer y or n.");
  }
}

void Prompt::show(std::vector<std::string> const& lines) const {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto const terminal = log::look_at_terminal(STDERR_FILENO);
    auto line = wrap_text(lines[i], "     ", terminal.columns);
    auto const number = std::to_string(i + 1);
    line.replace(3 - std::min<std::size_t>(number.size(), 2), number.size(), number);
    write_prompt(line);
  }
}

std::size_t Prompt::choose(std::string const& question, std::vector<std::string> const& lines,
                           std::size_t preset) const {
  show(lines);
  for (;;) {
    auto const answer = ask(question, std::to_string(preset + 1));
    if (auto const number = number_in(answer); number >= 1 && number <= lines.size()) {
      return number - 1;
    }
    say("Please answer with a number from 1 to " + std::to_string(lines.size()) + ".");
  }
}

}  // namespace affsync::cli
