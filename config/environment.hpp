// Replaces `${NAME}` in values of the configuration.
#pragma once

#include <optional>
#include <string>

#include "config/load.hpp"

namespace affsync::config {

// Returns `written` with every `${NAME}` replaced by the environment variable NAME and every `$${`
// by a literal `${`; nullopt if there is nothing to replace. If NAME is not set, NAME_FILE may name
// a file with the value, as containers hand out secrets. Throws Failure: secret_missing if neither
// is set or the file cannot be read or is empty, config_invalid if NAME is not a variable's name.
std::optional<std::string> expand_environment(std::string const& written, Environment const& env);

}  // namespace affsync::config
