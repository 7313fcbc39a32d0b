#include "daemon/cli/open_database.hpp"

#include <boost/asio/awaitable.hpp>

#include "daemon/database.hpp"

namespace affsync::cli {

bool is_database_there(App& app) {
  return affsync::is_database_there(app.config().database);
}

void open_database(App& app) {
  if (!is_database_there(app)) {
    throw Failure(ErrorCode::migration_failed,
                  "there is no database yet in " + app.config().database.state_dir,
                  "Run `affsync sync` or `affsync run`, which create it.");
  }
  app.start_database();
  std::string const sql = "SELECT to_regclass('reporting.source_health') IS NOT NULL";
  auto const answer = app.run(app.store().query(sql, {}));
  bool const there = !answer.rows.empty() && answer.rows[0][0] == "t";
  if (there) return;
  throw Failure(ErrorCode::migration_failed, "the database holds no affsync schema yet",
                "Run `affsync migrate` or `affsync sync`, which create it.");
}

}  // namespace affsync::cli
