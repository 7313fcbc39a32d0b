// The part of the configuration below `sources`.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/yaml/node.hpp"
#include "config/load.hpp"
#include "config/model.hpp"

namespace affsync::config {

// What `defaults` says, for the sources that say nothing themselves.
struct Defaults {
  std::optional<Schedule> every;
  std::chrono::milliseconds timeout{30'000};
  Privacy privacy = Privacy::drop;
  double mass_drop_limit = 0.1;
};

// Throws Failure: config_invalid, secret_missing.
std::vector<SourceConfig> read_sources(yaml::Node const& list, Defaults const& defaults,
                                       Environment const& env);

}  // namespace affsync::config
