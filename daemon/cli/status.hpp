// The output of `affsync status`. Performs no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/cli/daemon_states.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store/store.hpp"

namespace affsync::cli {

// `database`: a connection string without a password. `removed`: how many sources the database
// keeps that no configuration contains any more; they have no stream here.
std::string status_table(std::vector<schema::StreamHealth> const& streams, TimePoint now,
                         std::string const& database, log::Terminal const& terminal,
                         std::vector<DaemonState> const& daemons = {}, std::int64_t removed = 0);
// Returns one object on one line, without a line feed. Times are ISO 8601 in UTC, null if unknown.
std::string status_json(std::vector<schema::StreamHealth> const& streams, TimePoint now,
                        std::string const& database, std::vector<DaemonState> const& daemons = {});

}  // namespace affsync::cli
