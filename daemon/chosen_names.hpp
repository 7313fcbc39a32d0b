// Checks the names of sources and streams given to a command against the known ones.
#pragma once

#include <string>
#include <vector>

namespace affsync {

// Throws Failure(usage), which suggests the nearest known name, for the first unknown name. `what`
// is "source" or "stream".
void refuse_unknown(std::vector<std::string> const& wanted, std::vector<std::string> const& known,
                    char const* what);

// Returns whether `name` is chosen; an empty list chooses all.
bool chosen(std::vector<std::string> const& names, std::string const& name);

}  // namespace affsync
