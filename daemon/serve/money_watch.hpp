// Reads the amounts of money for the metrics again and again, so that no scrape waits for them.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "daemon/async/sleeper.hpp"
#include "daemon/serve/metrics.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

// Runs until cancelled, on the I/O thread: once a minute, and the less often the longer the queries
// take. A query that fails leaves the amounts as they were; their age is a metric too.
boost::asio::awaitable<void> keep_money_fresh(schema::Store& store, Metrics& metrics,
                                              Clock const& clock, async::Sleeper& sleeper,
                                              Logger log);

}  // namespace affsync::serve
