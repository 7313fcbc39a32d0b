// Reads the section `alerts` of the configuration.
#pragma once

#include "base/yaml/node.hpp"
#include "config/alerts.hpp"
#include "config/load.hpp"

namespace affsync::config {

// The key of a list whose items have variables of their own: see AlertReceiver::Command.
inline constexpr std::string_view command_key = "command";

// Throws Failure: config_invalid, secret_missing. No message quotes a webhook, a token or an
// argument of a command.
AlertsConfig read_alerts(yaml::Node const& node, Environment const& env);

}  // namespace affsync::config
