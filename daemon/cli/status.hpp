// The output of `affsync status`. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/cli/daemon_states.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store/store.hpp"

namespace affsync::cli {

// `database`: a connection string without a password.
std::string status_table(std::vector<schema::StreamHealth> const& streams, TimePoint now,
                         std::string const& database, log::Terminal const& terminal,
                         std::vector<DaemonState> const& daemons = {});
// Returns one object on one line, without a line feed. Times are ISO 8601 in UTC, null if unknown.
std::string status_json(std::vector<schema::StreamHealth> const& streams, TimePoint now,
                        std::string const& database, std::vector<DaemonState> const& daemons = {});

}  // namespace affsync::cli
