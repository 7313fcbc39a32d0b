// The commands and their options as plain data, taken from the definition of the command line.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/usage_error.hpp"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace affsync::cli {

struct OptionInfo {
  std::vector<std::string> names;  // "--output", "-q"; of a positional argument its one name
  std::string value;               // "table|json", "FILE"; empty for a flag
  std::string help;
  bool positional = false;
  bool repeatable = false;
  bool required = false;
};

struct CommandInfo {
  std::string name, help, footer;
  std::vector<OptionInfo> options;  // with the positional arguments, in their order
  std::vector<CommandInfo> commands;
};

CommandInfo describe(CLI::App const& app);

// Collects what the parser understood of the command line before it failed.
UsageProblem look_at(CLI::App const& app, CLI::ParseError const& error);

// Returns all commands with their options as Markdown: the source of the manual page.
std::string to_markdown(CommandInfo const& root);

}  // namespace affsync::cli
