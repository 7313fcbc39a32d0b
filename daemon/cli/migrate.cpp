// `affsync migrate`
#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"

namespace affsync::cli {

int run_migrate(CommonOptions const& common, bool dry_run) {
  App app(common.config_file, common.log_level());
  schema::MigrationReport const report = app.migrate_database(dry_run);
  for (auto const& file : report.applied) {
    std::cout << (dry_run ? "would apply " : "applied ") << file << "\n";
  }
  if (report.applied.empty()) std::cout << "nothing to do; ";
  std::cout << "the database is at version " << report.version << "\n";
  return 0;
}

}  // namespace affsync::cli
