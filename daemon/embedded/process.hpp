// Starting PostgreSQL's own programs as the right user. Blocking; Linux only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/embedded/server_user.hpp"

namespace affsync::embedded {

struct Command {
  std::vector<std::string> arguments;  // the first is the program's path
  ServerUser user;
  int output = -1;  // where stdout and stderr go; the caller keeps it
  // A session of its own, so that a Ctrl-C in the terminal does not reach it, and SIGINT when the
  // thread that called spawn() ends, however it ends.
  bool ends_with_thread = false;
};

// The process id; the caller reaps it. Errors: database_unavailable.
Result<pid_t> spawn(Command const& command);

struct Outcome {
  bool finished = false;  // false: killed at the time limit
  int status = 0;         // as waitpid gives it
  std::string output;     // stdout and stderr, the last 64 kB
  bool success() const { return finished && status == 0; }
};

// Runs to the end, at most `limit`. `command.output` is not used.
Result<Outcome> run(Command command, std::chrono::milliseconds limit);

// The first of the directories from "/" down to `directory` that `user` may not enter; nullopt
// when it may enter all. Asks the kernel, as that user.
Result<std::optional<std::filesystem::path>> first_closed_directory(
    ServerUser const& user, std::filesystem::path const& directory);

}  // namespace affsync::embedded
