// The daemon's daily maintenance of the database: deletes rows whose retention has passed and
// creates the history partitions of the coming months. Of all daemons on one database, only one
// does it each day.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "base/log.hpp"
#include "daemon/async/sleeper.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Runs until cancelled, on the I/O thread. If the database is unavailable, tries again an hour
// later.
boost::asio::awaitable<void> run_daily_upkeep(schema::Store& store, async::Sleeper& sleeper,
                                              std::function<schema::Retention()> retention,
                                              Logger log);

}  // namespace affsync::sync
