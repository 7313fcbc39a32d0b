// Lets tests compare the keys that a reader accepts with their documentation.
#pragma once

#include <functional>
#include <set>
#include <string>

namespace affsync::yaml {

// Called for each mapping that was read completely, with its name in messages and its known keys.
using KeyWatcher = std::function<void(std::string const& what, std::set<std::string> const& keys)>;

}  // namespace affsync::yaml
