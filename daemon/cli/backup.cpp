// `affsync backup` and `affsync restore`. They need the database and no broker.
#include "daemon/backup/backup.hpp"
#include "daemon/backup/own_objects.hpp"
#include "daemon/backup/upgrade.hpp"

#include <iostream>

#include "daemon/chosen_config.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/database.hpp"
#include "daemon/database_url.hpp"
#include "schema/store/conninfo.hpp"

namespace affsync::cli {
namespace {

config::Config config_for_backup(CommonOptions const& common) {
  return with_readable_urls(load_chosen_config(common.config_file, config::Secrets::of_database));
}

Database database_of(config::Config const& config) {
  return Database(config.database, config.instance, {});
}

}  // namespace

int run_backup(CommonOptions const& common, BackupOptions const& options) {
  if (options.file == "-") {
    throw Failure(ErrorCode::usage, "a backup is written to a file, not to standard output",
                  "Name the file. One whose name is only `-` is ./-");
  }
  auto const config = config_for_backup(common);
  if (!affsync::is_database_there(config.database)) {
    throw Failure(ErrorCode::migration_failed,
                  "there is no database yet in " + config.database.state_dir,
                  "There is nothing to back up.");
  }
  auto const database = database_of(config);
  auto const made = backup::back_up(database.options().url, options.file, options.replace);
  if (!made) throw Failure(made.error());
  std::cout << "wrote " << options.file << ": " << made->bytes << " bytes, from PostgreSQL "
            << made->server_major << "\n";
  if (!made->left_out.empty()) {
    std::cout << "not in it, since it is yours and no part of affsync: "
              << backup::some_of(made->left_out) << "\n";
  }
  return 0;
}

int run_restore(CommonOptions const& common, BackupOptions const& options) {
  auto const config = config_for_backup(common);
  // Looked at first, so that a wrong file creates no embedded cluster.
  if (auto const dump = backup::look_into(options.file); !dump) throw Failure(dump.error());
  auto const database = database_of(config);
  auto const& store = database.options();
  bool const embedded = config.database.embedded();
  if (!embedded && options.replace) {
    throw Failure(ErrorCode::usage, "--replace works with `database.url: embedded` only",
                  "On a server, create an empty database and name it in database.url.");
  }
  auto const restored =
      embedded ? backup::restore_embedded(
                     store, store.url + " dbname=" + schema::conninfo_value("postgres"),
                     options.file, options.replace)
               : backup::restore_to_server(store, options.file);
  if (!restored) throw Failure(restored.error());
  std::cout << (restored->replaced ? "replaced the database by " : "restored ") << options.file
            << ", whose schema has version " << restored->dump.schema_version;
  if (restored->migration.version != restored->dump.schema_version) {
    std::cout << "; brought it up to version " << restored->migration.version;
  }
  std::cout << "\n";
  return 0;
}

int run_upgrade_database(CommonOptions const& common, bool dry_run) {
  auto const config = config_for_backup(common);
  if (!config.database.embedded()) {
    throw Failure(
        ErrorCode::usage, "database.url names a server, which affsync does not upgrade",
        "See pg_upgrade or pg_upgradecluster, and run vacuumdb --analyze-in-stages then.");
  }
  backup::UpgradeOptions options;
  options.state_dir = config.database.state_dir;
  options.store.instance = config.instance;
  options.dry_run = dry_run;
  auto const done = backup::upgrade_cluster(options);
  if (!done) throw Failure(done.error());
  if (done->from == done->to) {
    std::cout << "nothing to do: PostgreSQL " << done->from
              << " is the newest version on this machine\n";
  } else if (dry_run) {
    std::cout << "would move the embedded database from PostgreSQL " << done->from << " to "
              << done->to << "\n";
  } else {
    std::cout << "moved the embedded database from PostgreSQL " << done->from << " to " << done->to
              << "; the old one is kept in " << done->kept.string()
              << ": remove it when all is well\n";
    if (!done->left_behind.empty()) {
      std::cout << "not moved, since it is yours and no part of affsync, and only there: "
                << backup::some_of(done->left_behind) << "\n";
    }
  }
  return 0;
}

}  // namespace affsync::cli
