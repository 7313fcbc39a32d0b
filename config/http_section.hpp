// Reads the section `http` of the configuration.
#pragma once

#include "base/yaml/node.hpp"
#include "config/load.hpp"
#include "config/model.hpp"

namespace affsync::config {

// Refuses an address that other machines can reach without a token. Throws Failure with the node's
// location: config_invalid, secret_missing.
HttpConfig read_http(yaml::Node const& node, Environment const& env);

}  // namespace affsync::config
