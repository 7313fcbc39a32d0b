// Secrets that affsync cannot protect as well as others: so short that they are not recognized in
// what others write, or visible to the machine's other users. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "config/alerts.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli {

// Returns a warning for each source with secret credentials of less than eight bytes.
std::vector<SourceCheck> check_short_secrets(std::vector<PreparedSource> const& sources);

// Returns a warning for each receiver with variables of the environment in a command's arguments.
std::vector<SourceCheck> check_shown_variables(config::AlertsConfig const& alerts);

}  // namespace affsync::cli
