// The sources that `affsync sources remove` takes, for the completion of command lines.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/removal.hpp"

namespace affsync::cli {

// Those of the database that no configuration contains and no daemon reads. Empty if anything is in
// the way of knowing that: whoever presses a key waits for it, so this starts no database, and ends
// the process quietly if the server does not answer within a few seconds.
std::vector<SourceInDatabase> removable_sources(std::string const& config_file);

}  // namespace affsync::cli
