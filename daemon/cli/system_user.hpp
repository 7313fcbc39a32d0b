// Who runs a command, for what is recorded with a name.
#pragma once

#include <string>

namespace affsync::cli {

// Returns the user of this process, with the user who called sudo in parentheses.
std::string system_user();

}  // namespace affsync::cli
