// The command line of the commands for the life of an installation: backup, restore,
// upgrade-database, sources, healthcheck.
#pragma once

#include <functional>

#include "daemon/cli/commands.hpp"

namespace CLI {
class App;
}

namespace affsync::cli {

// Their parsed options.
struct LifeOptions {
  BackupOptions backup;
  RemoveOptions remove;
  Output sources_output = Output::table;
  bool upgrade_dry_run = false;
  bool ready = false;
};

// Adds a command with the options that all have.
using AddCommand = std::function<CLI::App*(CLI::App& to, char const* name, char const* help,
                                           std::function<int()> run)>;

void add_life_commands(CLI::App& app, CommonOptions const& common, LifeOptions& options,
                       AddCommand const& add);

}  // namespace affsync::cli
