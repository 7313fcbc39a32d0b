// PostgreSQL's own client programs, which make and read dumps. Blocking.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/embedded/process.hpp"

namespace affsync::backup {

struct ClientProgram {
  std::filesystem::path path;
  int major = 0;
};

// Returns `name` (pg_dump, pg_restore) of the major version `least_major`, or of the next newer one
// that the machine has. Errors: database_unavailable with the package to install.
Result<ClientProgram> find_client_program(std::string const& name, int least_major);

// Returns the newest one: it reads every older dump, and knows the commands in a script that
// another newest one wrote. Errors: as above.
Result<ClientProgram> find_newest_client_program(std::string const& name, int least_major);

// A dump or its restoration may take hours.
inline constexpr std::chrono::hours longest_run{24 * 14};

// Runs the program as this user, against the database of `url` (empty: none). A password reaches it
// through its environment, never on its command line. It ends when this thread ends, however that
// happens.
Result<embedded::Outcome> run_client(ClientProgram const& program, std::string const& url,
                                     std::vector<std::string> arguments);

// Returns the last line of the output that says something: the reason of a failure.
std::string reason_of(embedded::Outcome const& outcome);

}  // namespace affsync::backup
