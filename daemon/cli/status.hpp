// How `affsync status` shows the health of the streams. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store/store.hpp"

namespace affsync::cli {

// `database`: a connection string without a password.
std::string status_table(std::vector<schema::StreamHealth> const& streams, TimePoint now,
                         std::string const& database, log::Terminal const& terminal);
// One object on one line, without a line feed. Times are ISO 8601 in UTC, unknown ones null.
std::string status_json(std::vector<schema::StreamHealth> const& streams, TimePoint now,
                        std::string const& database);

}  // namespace affsync::cli
