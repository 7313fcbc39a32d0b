// A program under test on a terminal of its own (a pseudo terminal), as a person would use it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "tests/support/process.hpp"

namespace affsync::test {

class TerminalProcess {
 public:
  using Seconds = std::chrono::duration<double>;

  // The program's session has the terminal as its own; `options.input` is not used. Throws
  // std::system_error if it cannot be started.
  explicit TerminalProcess(ProcessOptions const& options, int columns = 100);
  ~TerminalProcess();  // kills the program if it still runs
  TerminalProcess(TerminalProcess const&) = delete;
  TerminalProcess& operator=(TerminalProcess const&) = delete;

  // Everything that was shown since the start, the echo of what was typed included.
  std::string const& screen() const { return screen_; }
  // Waits until `text` is shown after what earlier waits have found. Throws std::runtime_error with
  // the screen if the limit passes or the program ends first.
  void wait_for(std::string const& text, Seconds limit = Seconds(30));
  // Types keys: "\n" is Enter, "\x03" Ctrl-C, "\x04" the end of the input.
  void type(std::string const& keys) const;
  // Waits for the question, then types the answer and Enter.
  void answer(std::string const& question, std::string const& text);
  bool echoes() const;
  pid_t pid() const { return pid_; }

  // Waits for the end, reads the rest and returns the exit status; 128 + N after signal N.
  int wait(Seconds limit = Seconds(60));

 private:
  // Reads what is there; waits for it at most until `end`. Returns false at the end of all output.
  bool read_some(std::chrono::steady_clock::time_point end);

  int terminal_ = -1;  // our side
  int kept_ = -1;      // the program's side, kept open so that its settings can be asked for
  pid_t pid_ = -1;
  bool ended_ = false;
  std::string screen_;
  std::size_t seen_ = 0;
};

}  // namespace affsync::test
