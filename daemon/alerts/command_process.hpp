// Runs a program of the user's with a text on its standard input, a deadline, and bounded output.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace affsync::alerts {

namespace asio = boost::asio;

struct CommandEnd {
  int status = 0;          // as of a shell: 0 to 255, 128 + N after signal N
  bool timed_out = false;  // it took too long, and so did all that belongs to its process group
  bool killed = false;     // it has ended by that; not so if it runs as another user
  std::string output;      // the first 4 KiB of standard output and standard error together
  std::string problem;     // why it could not be started; empty if it was
  CommandEnd() = default;
};

// The program gets only `environment`, no open file of this process, and a process group of its
// own. No shell is involved. A program that it leaves behind when it ends by itself is not waited
// for. Cancellation kills the group and throws operation_aborted.
asio::awaitable<CommandEnd> run_command(std::vector<std::string> arguments,
                                        std::vector<std::string> environment, std::string input,
                                        std::chrono::milliseconds limit);

}  // namespace affsync::alerts
