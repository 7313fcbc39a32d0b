// Tells the database which sources and streams a configuration has, all at once: the number of
// round trips does not depend on how many there are.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "daemon/source_plans.hpp"
#include "schema/store/store.hpp"

namespace affsync {

// Returns the sources as the database knows them, in the same order. Sets the salt that each was
// first registered with; logs changes. `configured`: all names of the configuration. `named`: the
// streams that the command names, which are read even if they are off.
boost::asio::awaitable<std::vector<schema::SourceRegistered>> register_sources(
    schema::Store& store, std::vector<PreparedSource>& prepared,
    std::vector<std::string> configured, std::vector<std::string> named, Logger log);

// Ends the pauses of refused logins, and returns the sources that had one. Without the database
// they end by themselves, which is logged.
boost::asio::awaitable<std::vector<int>> lift_blocks(schema::Store& store,
                                                     std::vector<schema::BlockKey> blocks,
                                                     Logger log);

}  // namespace affsync
