// `affsync migrate`
#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/open_database.hpp"

namespace affsync::cli {

int run_migrate(CommonOptions const& common, schema::MigrationRequest const& request) {
  bool const dry_run = request.dry_run;
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  auto const tell = [](std::string const& what) {
    if (!what.empty()) std::cerr << what << "\n";
  };
  bool const nothing_there = dry_run && !is_database_there(app);
  schema::MigrationReport const report =
      nothing_there ? schema::migrations_of_nothing() : app.migrate_database(request, tell, true);
  if (nothing_there) {
    std::cout << "would create the embedded database in " << app.config().database.state_dir
              << "\n";
  }
  for (auto const& file : report.applied) {
    std::cout << (dry_run ? "would apply " : "applied ") << file << "\n";
  }
  for (auto const& table : report.distributed) std::cout << "distributed " << table << "\n";
  if (report.applied.empty() && report.distributed.empty()) std::cout << "nothing to do; ";
  std::cout << "the database is at version " << report.version << "\n";
  return 0;
}

}  // namespace affsync::cli
