// What tells this configuration from others that read into the same database.
#pragma once

#include <string>

namespace affsync {

// This machine and the place of the configuration's file. In a container, whose host name is made
// up anew each time, the place alone.
std::string instance_of(std::string const& config_file);

}  // namespace affsync
