// The maintenance of the database. Once a day, one of all daemons on a database, or a `sync` where
// none runs, deletes rows whose retention has passed and creates the history partitions of the
// coming months. Once a minute, days with new commission are added up for reports, and what each
// client earned.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "daemon/async/sleeper.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Runs until cancelled, on the I/O thread. If the database is unavailable, tries again an hour
// later.
boost::asio::awaitable<void> run_daily_upkeep(schema::Store& store, async::Sleeper& sleeper,
                                              std::function<schema::Retention()> retention,
                                              Logger log);

// The same once, if nobody has done it for a day, for `longest` at most: what is left is done on
// the next day. What fails is logged. On the I/O thread.
boost::asio::awaitable<void> do_daily_upkeep(schema::Store& store, async::Sleeper& sleeper,
                                             schema::Retention retention, Duration longest,
                                             Logger log);

// Notes once a minute, until cancelled, that the daemon runs, and that these sources are its own.
// So what another one has taken for its own by mistake is put right. Calls `on_replaced` if the
// database no longer has them as they were registered.
boost::asio::awaitable<void> keep_sources_claimed(schema::Store& store, async::Sleeper& sleeper,
                                                  std::function<std::vector<std::string>()> names,
                                                  std::function<void()> on_replaced, Logger log);

// Adds up days and clients until cancelled, with pauses, so that it takes little of the database's
// time. What fails is logged once, until it works again: the reports are right without it, only
// slower.
boost::asio::awaitable<void> keep_days_added_up(schema::Store& store, async::Sleeper& sleeper,
                                                Logger log);

}  // namespace affsync::sync
