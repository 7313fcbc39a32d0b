// Helpers for the tests of the configuration: a fake environment and short ways to parse a text.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "config/load.hpp"

namespace affsync::config {

inline Environment environment(std::map<std::string, std::string> variables = {}) {
  return [variables = std::move(variables)](std::string const& name) -> std::optional<std::string> {
    auto const found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

// The configuration from a text that must be valid.
inline Config read(std::string_view yaml, Environment const& env = environment()) {
  auto config = parse_config(yaml, "c.yaml", env);
  if (!config) {
    ADD_FAILURE() << config.error().to_line();
    return Config();
  }
  return *config;
}

// The error of a text that must be invalid; its code must be `code`.
inline std::string mistake(std::string_view yaml, Environment const& env = environment(),
                           ErrorCode code = ErrorCode::config_invalid) {
  auto const config = parse_config(yaml, "c.yaml", env);
  if (config) return "no error";
  EXPECT_EQ(config.error().code, code);
  return config.error().to_line();
}

// A configuration of one source with one more line, which is line 4; its value starts in column 5.
inline std::string source_with(std::string const& line) {
  return "sources:\n  - name: main\n    connector: exness\n    " + line + "\n";
}

}  // namespace affsync::config
