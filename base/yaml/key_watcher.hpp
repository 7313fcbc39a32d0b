// Lets a test compare a grammar with its description.
#pragma once

#include <functional>
#include <set>
#include <string>

namespace affsync::yaml {

// Called for each mapping that was read to its end: what it is, and which keys it knows.
using KeyWatcher = std::function<void(std::string const& what, std::set<std::string> const& keys)>;

}  // namespace affsync::yaml
