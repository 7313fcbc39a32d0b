// Reads the section `sources` of the configuration.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/yaml/node.hpp"
#include "config/load.hpp"
#include "config/model.hpp"

namespace affsync::config {

// The section `defaults`: values for sources that do not set their own.
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
