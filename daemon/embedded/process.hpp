// Starts PostgreSQL's programs as the right user. Blocking; Linux only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/embedded/server_user.hpp"

namespace affsync::embedded {

struct Command {
  std::vector<std::string> arguments;    // the first is the program's path
  std::vector<std::string> environment;  // "NAME=value", in addition to a minimal one
  ServerUser user;
  int output = -1;  // descriptor for stdout and stderr; the caller keeps owning it
  // Starts a new session, so that Ctrl-C in the terminal does not reach the process, and sends it
  // SIGINT when the thread that called spawn() ends in any way.
  bool ends_with_thread = false;
};

// Returns the process id; the caller must reap the process. Errors: database_unavailable.
Result<pid_t> spawn(Command const& command);

struct Outcome {
  bool finished = false;  // false: killed at the timeout
  int status = 0;         // the status of waitpid
  std::string output;     // stdout and stderr, at least the last 64 kB
  bool success() const { return finished && status == 0; }
};

// Runs the command to its end, for at most `limit`. Ignores `command.output`.
Result<Outcome> run(Command command, std::chrono::milliseconds limit);

// Runs `work` in a process of `user`, and returns what it returns. There it may only do what is
// safe in a signal handler: no memory, no locks. For files in directories of that user, which may
// lay links in the way of root. Errors: database_unavailable.
Result<int> as_user(ServerUser const& user, std::function<int()> const& work);

// Returns the first directory from "/" down to `directory` that `user` may not enter; nullopt if it
// may enter all of them. Asks the kernel from a process of that user.
Result<std::optional<std::filesystem::path>> first_closed_directory(
    ServerUser const& user, std::filesystem::path const& directory);

}  // namespace affsync::embedded
