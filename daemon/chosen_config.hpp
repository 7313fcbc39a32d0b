// Which configuration a command uses.
#pragma once

#include <string>

#include "config/load.hpp"

namespace affsync {

// Finds and loads it, see config::find_config_file. If ./affsync.yaml was taken though the service
// of the machine has a configuration too, says so on standard error: a command that was meant for
// the service would act on a trial's database. Root takes none that lies in the working directory
// and belongs to somebody else than the user who called sudo. Throws Failure(config_invalid,
// secret_missing).
config::Config load_chosen_config(std::string const& option, config::Secrets needed);

}  // namespace affsync
