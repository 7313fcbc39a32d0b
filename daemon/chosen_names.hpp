// Names of sources and streams that a command was given, against those that there are.
#pragma once

#include <string>
#include <vector>

namespace affsync {

// Throws Failure(usage), with the nearest known name, for the first that is not known. `what`:
// source, stream.
void refuse_unknown(std::vector<std::string> const& wanted, std::vector<std::string> const& known,
                    char const* what);

// No names choose all.
bool chosen(std::vector<std::string> const& names, std::string const& name);

}  // namespace affsync
