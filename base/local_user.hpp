// The users of this machine, for messages that say as whom a command is to be run.
#pragma once

#include <string>
#include <string_view>

namespace affsync {

// The user that the units and the package run affsync as.
inline constexpr std::string_view service_user_name = "affsync";

// Who runs a process, and who else could; a test gives its own.
struct LocalUsers {
  std::string own;                               // empty if the user has no name
  bool (*exists)(std::string const&) = nullptr;  // whether the machine has such a user

  // True if the machine has that user, and it is another one than the process's.
  bool has_other(std::string_view name) const;
};

// Returns the user of this process and those of the machine.
LocalUsers local_users();

// Returns how to run a command as that user: "`sudo -u affsync affsync …`".
std::string as_user(std::string_view name);

// Returns as whom to run affsync to read a file that this process may not read. Less precise if
// the file is in a directory that it may not enter.
std::string who_may_read(std::string const& path);

}  // namespace affsync
