// Reads one receiver of alerts: a webhook, a chat of Telegram or a command.
#pragma once

#include "base/yaml/node.hpp"
#include "config/alerts.hpp"
#include "config/load.hpp"

namespace affsync::config {

// Throws Failure: config_invalid, secret_missing.
AlertReceiver read_receiver(yaml::Node const& node, Environment const& env);

}  // namespace affsync::config
