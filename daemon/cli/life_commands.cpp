#include "daemon/cli/life_commands.hpp"

#include <CLI/CLI.hpp>

#include "daemon/cli/command_options.hpp"

namespace affsync::cli {
namespace {

void add_backup(CLI::App& app, CommonOptions const& common, LifeOptions& options,
                AddCommand const& add) {
  auto& chosen = options.backup;
  auto* backup = add(app, "backup", "Writes the database to a file, also while the daemon runs",
                     [&] { return run_backup(common, options.backup); });
  backup->add_option("file", chosen.file, "The file to write")->required();
  backup->add_flag("--force", chosen.replace, "Replace the file if it exists");

  add_examples(backup,
               {"affsync backup affsync.dump", "affsync backup --force /var/backups/affsync.dump"});

  auto* restore = add(app, "restore", "Loads a file that `affsync backup` wrote",
                      [&] { return run_restore(common, options.backup); });
  restore->add_option("file", chosen.file, "The file to load")->required();
  restore->add_flag("--replace", chosen.replace, "Replace all data of the embedded database");

  add_examples(restore, {"affsync restore affsync.dump",
                         "affsync restore affsync.dump --replace   # instead of what is there"});

  auto* upgrade = add(app, "upgrade-database",
                      "Moves the embedded database to the newest PostgreSQL of this machine",
                      [&] { return run_upgrade_database(common, options.upgrade_dry_run); });
  upgrade->add_flag("--dry-run", options.upgrade_dry_run, "Only show from which version to which");
  add_examples(upgrade, {"affsync upgrade-database --dry-run"});
}

void add_sources(CLI::App& app, CommonOptions const& common, LifeOptions& options,
                 AddCommand const& add) {
  auto& chosen = options.remove;
  auto* sources = add(app, "sources", "The sources that the database knows",
                      [&] { return run_sources(common, options.sources_output); });
  auto const parse = [&options](std::string const& text) {
    if (text != "table" && text != "json") {
      throw CLI::ValidationError("--output", "`" + text + "` is not one of table|json");
    }
    options.sources_output = text == "json" ? Output::json : Output::table;
  };
  sources->add_option_function<std::string>("--output", parse, "Format of the result")
      ->type_name("table|json");
  sources->require_subcommand(0, 1);
  add_examples(sources, {"affsync sources", "affsync sources remove northfx --dry-run"});

  auto* remove = add(*sources, "remove", "Removes a source that no configuration contains",
                     [&] { return run_sources_remove(common, options.remove); });
  remove->add_option("name", chosen.name, "The source")->required();
  remove->add_flag("--with-data", chosen.with_data, "Delete all its rows as well");
  remove->add_flag("--dry-run", chosen.dry_run, "Only show what would be removed");
  remove->add_flag("--yes", chosen.yes, "Do not ask");
  remove->add_flag("--force", chosen.force,
                   "Although another daemon's configuration contains it, which no longer exists");
  add_examples(remove, {"affsync sources remove northfx   # keeps its rows",
                        "affsync sources remove northfx --with-data"});
}

}  // namespace

void add_life_commands(CLI::App& app, CommonOptions const& common, LifeOptions& options,
                       AddCommand const& add) {
  add_backup(app, common, options, add);
  add_sources(app, common, options, add);
  auto* health =
      add(app, "healthcheck", "Asks the running daemon whether it lives (for containers)",
          [&] { return run_healthcheck(common, options.ready); });
  health->add_flag("--ready", options.ready,
                   "Whether all is well: the database answers, no source is blocked or late");
  add_examples(health, {"affsync healthcheck", "affsync healthcheck --ready"});
}

}  // namespace affsync::cli
