#include "daemon/cli/open_database.hpp"

#include <boost/asio/awaitable.hpp>

namespace affsync::cli {

void open_database(App& app) {
  app.start_database();
  std::string const sql = "SELECT to_regclass('reporting.source_health') IS NOT NULL";
  auto const answer = app.run(app.store().query(sql, {}));
  bool const there = !answer.rows.empty() && answer.rows[0][0] == "t";
  if (there) return;
  throw Failure(ErrorCode::migration_failed, "the database holds no affsync schema yet",
                "Run `affsync migrate`, or `affsync sync`, which does it too.");
}

}  // namespace affsync::cli
