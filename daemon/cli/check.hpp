// The checks of `affsync check`, which `affsync init` makes too.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/sync/observer.hpp"

namespace affsync::cli {

struct SourceCheck {
  std::string source;
  std::string stream;  // empty: the database or a login
  std::string result;  // ok, warning, failed
  std::string detail;
  std::optional<Error> error;
  std::optional<std::int64_t> rows, total;
  std::vector<std::string> remarks;  // notes for the user that are not errors
};

// Tries the database, each login and one page of each stream; stores no data.
boost::asio::awaitable<std::vector<SourceCheck>> check_all(App& app, CheckOptions const& options,
                                                           sync::Observer& observer,
                                                           Clock const& clock);

// Returns the table, and below it each error with its place and what to do.
std::string check_table(std::vector<SourceCheck> const& lines, Terminal const& terminal);

}  // namespace affsync::cli
