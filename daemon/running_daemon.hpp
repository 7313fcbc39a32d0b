// What a running daemon tells the metrics of its streams, and the database of its end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "daemon/serve/metrics.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync {

// Settings of all streams of the sources; streams without a task are off.
std::vector<serve::StreamSetting> settings_of(
    std::vector<std::pair<std::string, std::string>> const& streams,
    std::vector<std::string> const& sources, std::vector<sync::StreamTask> const& tasks);

// Claims the sources, and returns true, and logs it, if the database no longer has them as they
// were registered.
boost::asio::awaitable<bool> are_sources_replaced(schema::Store& store,
                                                  std::vector<std::string> names, Logger log);

// Throws Failure(config_invalid) if the configuration, which has no source, had some when it was
// used last: then its file may have been cut off, and a daemon that reads nothing would be green.
// `instance`: as in DatabaseOptions.
boost::asio::awaitable<void> refuse_lost_sources(schema::Store& store, std::string instance,
                                                 std::string config_file);

// Tells the other daemons on the database that this one ends; without it they notice that later.
// Waits for at most a second, and cannot be cancelled.
boost::asio::awaitable<void> leave_database(schema::Store& store);

}  // namespace affsync
