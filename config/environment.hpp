// Replaces `${NAME}` in values of the configuration.
#pragma once

#include <optional>
#include <string>

#include "config/load.hpp"

namespace affsync::config {

// Returns `written` with every `${NAME}` replaced by the environment variable NAME and every `$${`
// by a literal `${`; nullopt if there is nothing to replace. Throws Failure: secret_missing if the
// variable is not set, config_invalid if NAME is not a variable's name.
std::optional<std::string> expand_environment(std::string const& written, Environment const& env);

}  // namespace affsync::config
