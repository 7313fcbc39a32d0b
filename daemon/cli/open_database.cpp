#include "daemon/cli/open_database.hpp"

#include <boost/asio/awaitable.hpp>
#include <iostream>

#include "daemon/database.hpp"
#include "daemon/reports/spans.hpp"
#include "schema/store/newer_schema.hpp"

namespace affsync::cli {
namespace {

// A replica that is younger is as good as the primary.
constexpr std::chrono::seconds worth_telling{10};

}  // namespace

bool is_database_there(App& app) {
  return affsync::is_database_there(app.config().database);
}

void tell_about_database(App& app) {
  auto const answer = app.run(app.store().query(
      "SELECT floor(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()))::text,"
      " (SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database()"
      " AND wait_event = 'SyncRep') WHERE pg_is_in_recovery() OR EXISTS (SELECT"
      " FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep')",
      {}));
  for (auto const& row : answer.rows) {
    auto const age = std::chrono::seconds(row[0] ? std::stoll(*row[0]) : 0);
    if (age >= worth_telling) {
      std::cerr << "Read from a replica whose latest change is " << reports::short_span_text(age)
                << " old.\n";
    }
    if (row[1].value_or("0") != "0") {
      std::cerr
          << *row[1]
          << " commits wait for a synchronous standby that does not answer: start it, or change"
             " synchronous_standby_names of the server.\n";
    }
  }
}

void open_database(App& app, bool for_reading) {
  if (!is_database_there(app)) {
    throw Failure(ErrorCode::migration_failed,
                  "there is no database yet in " + app.config().database.state_dir,
                  "Run `affsync sync` or `affsync run`, which create it.");
  }
  if (for_reading) {
    app.start_database_for_reading();
  } else {
    app.start_database();
  }
  std::string const sql = "SELECT to_regclass('reporting.source_health') IS NOT NULL";
  auto const answer = app.run(app.store().query(sql, {}));
  bool const there = !answer.rows.empty() && answer.rows[0][0] == "t";
  if (there) return;
  throw Failure(ErrorCode::migration_failed, "the database holds no affsync schema yet",
                "Run `affsync migrate` or `affsync sync`, which create it.");
}

void refuse_newer_database(App& app) {
  auto const newer = app.run(app.store().query(schema::newer_migration_sql(), {}));
  if (!newer.rows.empty()) throw Failure(schema::newer_database(newer.rows[0][0].value_or("")));
}

}  // namespace affsync::cli
