// Settings that a reload cannot apply. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "config/model.hpp"

namespace affsync {

// Returns the configuration keys that differ between `fresh` and `used` and need a restart. Sets
// these keys of `fresh` back to the values of `used`.
std::vector<std::string> keep_what_needs_a_restart(config::Config& fresh,
                                                   config::Config const& used);

}  // namespace affsync
