// The forms in which the configuration gives a secret.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "base/yaml/node.hpp"
#include "config/load.hpp"

namespace affsync::config {

// A text (`${NAME}` already replaced), `{file: PATH}` or `{credential: NAME}`, which is the file
// $CREDENTIALS_DIRECTORY/NAME. Line ends at a file's end are dropped; an empty secret is refused.
// `what` names it in messages. Throws Failure with the node's place: config_invalid,
// secret_missing; never with the secret.
Secret read_secret(yaml::Node const& node, std::string const& what, Environment const& env);

}  // namespace affsync::config
