// Reads secrets in all forms that the configuration allows.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "base/yaml/node.hpp"
#include "config/load.hpp"

namespace affsync::config {

// Reads a text (`${NAME}` already replaced), `{file: PATH}` or `{credential: NAME}`, which is the
// file $CREDENTIALS_DIRECTORY/NAME. Removes line ends at the end of a file and refuses an empty
// secret. `what` names the secret in messages. Throws Failure with the node's location:
// config_invalid, and secret_missing unless `env` stands in. Never quotes the secret.
Secret read_secret(yaml::Node const& node, std::string const& what, Environment const& env);

}  // namespace affsync::config
