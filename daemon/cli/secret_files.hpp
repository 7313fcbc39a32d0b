// The files with secrets: those that every user of the machine can read, and those that the
// daemon's user cannot.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace affsync::cli {

// Returns those of the configuration that anyone can read or change, and whose folders anyone can
// enter. Files that NAME_FILE of the environment names are left out: containers hand them out, and
// have no other users.
std::vector<std::string> secret_files_open_to_all(config::Config const& config);

// Returns the text as one word of a shell, quoted if it has to be.
std::string shell_word(std::string const& text);

// Returns the command of a shell that takes such a file from the others. If this user is one of
// them, or is root for the file of a service, its group gets it first: else the next start would
// not read it.
std::string command_that_closes(std::string const& file);

// Whether a service with that user and group reads the file, as systemd/affsync.service runs it: it
// does not see /home, /root and /run/user, and has its own /tmp and /var/tmp.
bool is_for_service(std::filesystem::path const& file, uid_t user, gid_t group);

}  // namespace affsync::cli
