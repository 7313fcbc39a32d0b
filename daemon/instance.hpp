// The name that tells this configuration from others on the same database.
#pragma once

#include <string>

namespace affsync {

// Returns host name and path of the configuration file. In a container, whose host name is random
// at each start, only the path.
std::string instance_of(std::string const& config_file);

}  // namespace affsync
