// What the daemon does for the database once a day: removes what retention lets go, and makes the
// months of the history ahead. One daemon of those that share a database does it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "base/log.hpp"
#include "daemon/async/sleeper.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Never ends by itself; a database that is away is asked again later. On the I/O thread.
boost::asio::awaitable<void> keep_house(schema::Store& store, async::Sleeper& sleeper,
                                        std::function<schema::Retention()> retention, Logger log);

}  // namespace affsync::sync
