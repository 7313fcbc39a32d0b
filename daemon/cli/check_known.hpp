// What the database has under the names of the configuration: rows of another account, which `sync`
// would refuse, and rows of streams that are no longer in their connector.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "daemon/app.hpp"
#include "daemon/cli/check.hpp"

namespace affsync::cli {

// Returns the refusal that a `sync` of these sources (none: of all) would end with, or that the
// database did not answer; nothing if it would go on. Only reads.
boost::asio::awaitable<std::optional<SourceCheck>> check_known_names(
    App& app, std::vector<std::string> chosen_sources);

// Returns a warning for each stream that the connectors of these sources no longer have, if reports
// lack rows because of that. Only reads.
boost::asio::awaitable<std::vector<SourceCheck>> check_withdrawn(
    App& app, std::vector<std::string> chosen_sources);

}  // namespace affsync::cli
