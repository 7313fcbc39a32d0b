// What a reload cannot put to use. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/model.hpp"

namespace affsync {

// What of `fresh` differs from `used` where only a restart can put it to use, by the names of the
// configuration; there `fresh` gets the values of `used`.
std::vector<std::string> keep_what_needs_a_restart(config::Config& fresh,
                                                   config::Config const& used);

}  // namespace affsync
