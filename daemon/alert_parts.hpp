// What the judgement of alerts has to know of this process and machine.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/alerts/alerts.hpp"

namespace affsync {

// The streams that this process runs. One that was in `before` keeps the time since which it runs.
std::vector<schema::SourceNow> sources_now(std::vector<sync::StreamTask> const& tasks,
                                           std::vector<schema::SourceNow> const& before,
                                           TimePoint now);

// The disk under an embedded database; nullopt for a server that may be elsewhere.
std::optional<schema::DiskNow> disk_now(config::DatabaseConfig const& database);

// Says that this disk is full; empty while it is not. Alerts cannot tell it then: they are written
// to the same disk.
std::string told_if_full(config::DatabaseConfig const& database);

// Throws Failure config_invalid if a receiver cannot be used as it is configured.
void check_receivers(boost::asio::any_io_executor const& executor,
                     config::AlertsConfig const& alerts);

}  // namespace affsync
