// The user's YAML -> Config. Every mistake names file, line and column, and for an unknown key the
// nearest known one; nothing has been touched when it fails.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/model.hpp"

namespace affsync::config {

// The environment, handed in so that tests need not change their own.
using Environment = std::function<std::optional<std::string>(std::string const& name)>;
Environment process_environment();

// Errors: config_invalid, secret_missing.
Result<Config> parse_config(std::string_view yaml, std::string const& file, Environment const& env);
Result<Config> load_config(std::string const& file, Environment const& env);

// --config, else $AFFSYNC_CONFIG, else ./affsync.yaml, else /etc/affsync/affsync.yaml.
// Errors: config_invalid naming the places that were looked at.
Result<std::string> find_config_file(std::string const& option, Environment const& env);

}  // namespace affsync::config
