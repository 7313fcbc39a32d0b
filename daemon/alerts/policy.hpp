// Turns the section `alerts` of the configuration into what the database judges by. No I/O.
#pragma once

#include <filesystem>

#include "config/alerts.hpp"
#include "schema/store/alerts/alerts.hpp"

namespace affsync::alerts {

// Without `sources`, `disk` and `now`, which the configuration does not say.
schema::AlertPolicy policy_of(config::AlertsConfig const& config);

// What is kept back for root counts neither as free nor as used, as with df: no database gets it.
schema::DiskNow disk_of(std::filesystem::space_info const& space);

std::optional<schema::QuietHours> quiet_of(std::optional<config::QuietHours> const& quiet);

}  // namespace affsync::alerts
