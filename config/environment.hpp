// `${NAME}` in the configuration's values.
#pragma once

#include <optional>
#include <string>

#include "config/load.hpp"

namespace affsync::config {

// `written` with every `${NAME}` replaced by the environment variable NAME and every `$${` by a
// literal `${`; nullopt when there is nothing to replace. Throws Failure: secret_missing for an
// unset variable, config_invalid for what is no name.
std::optional<std::string> expand_environment(std::string const& written, Environment const& env);

}  // namespace affsync::config
