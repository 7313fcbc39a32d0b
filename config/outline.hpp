// The names in a configuration, without its secrets: for what must work while they are missing or
// while the file is being written, such as the completion of command lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace affsync::config {

struct OutlinedSource {
  std::string name, connector;
};

struct Outline {
  std::vector<OutlinedSource> sources;
  std::string connectors_dir;
  std::vector<std::string> receivers;  // of alerts
};

// Skips whatever it does not understand; a text that is no YAML is an empty outline.
Outline outline_of(std::string_view yaml);

}  // namespace affsync::config
