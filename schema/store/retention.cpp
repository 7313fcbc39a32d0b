#include "schema/store/retention.hpp"

#include "schema/store/alerts/alerts.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr int at_once = 2'000;

// Condition for removable runs: ended more than $1 seconds ago, not the current run of a stream,
// not the first run of its current pass, and not its latest run.
constexpr auto old_runs =
    " r.finished_at < now() - make_interval(secs => $1::float8)"
    " AND NOT EXISTS (SELECT FROM affsync.stream_state z WHERE z.source_id = r.source_id"
    " AND z.stream = r.stream AND r.run_id IN (z.run_id, z.pass_run_id))"
    " AND EXISTS (SELECT FROM affsync.sync_run later WHERE later.source_id = r.source_id"
    " AND later.stream = r.stream AND later.run_id > r.run_id)";

constexpr auto old_rows = " q.resolved_at < now() - make_interval(secs => $1::float8)";

std::string seconds_of(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

std::int64_t count_of(pqxx::transaction_base& tx, std::string const& sql, Duration age) {
  SqlParams const params{seconds_of(age)};
  return int_of(exec(tx, sql, params)[0][0]);
}

// Ids grow with time, so the oldest runs of each source come first, and newer ones are not read.
std::string remove_runs_sql() {
  return "DELETE FROM affsync.sync_run r USING (SELECT f.source_id, f.run_id, f.started_at"
         " FROM (SELECT DISTINCT source_id FROM affsync.stream) s CROSS JOIN LATERAL"
         " (SELECT o.source_id, o.run_id, o.started_at FROM affsync.sync_run o"
         " WHERE o.source_id = s.source_id ORDER BY o.run_id LIMIT " +
         std::to_string(at_once) +
         ") f) first WHERE r.source_id = first.source_id AND r.run_id = first.run_id"
         " AND r.started_at = first.started_at AND" +
         old_runs;
}

// In a transaction of its own, since others have to wait while a month is made or dropped: one of
// them may wait for a row that is let go, and have the history, or runs, locked already.
std::int64_t make_months(PgSession& session, std::string const& function) {
  Transaction tx(session);
  auto const made = int_of(tx.exec("SELECT affsync." + function + "()")[0][0]);
  tx.commit();
  return made;
}

std::string remove_rows_sql() {
  return "WITH gone AS (DELETE FROM affsync.quarantine d USING (SELECT q.source_id,"
         " q.quarantine_id FROM affsync.quarantine q WHERE" +
         std::string(old_rows) + " LIMIT " + std::to_string(at_once) +
         ") o WHERE d.source_id = o.source_id AND d.quarantine_id = o.quarantine_id RETURNING 1)"
         " SELECT count(*) FROM gone";
}

}  // namespace

Pruned count_prunable(PgSession& session, Retention const& retention) {
  Pruned found;
  // A transaction of its own: a session has one at a time.
  if (retention.alerts) found.alerts = prune_alerts(session, *retention.alerts, true);
  Transaction tx(session);
  if (retention.runs) {
    found.runs =
        count_of(tx, std::string("SELECT count(*) FROM affsync.sync_run r WHERE") + old_runs,
                 *retention.runs);
  }
  if (retention.quarantine) {
    found.quarantine =
        count_of(tx, std::string("SELECT count(*) FROM affsync.quarantine q WHERE") + old_rows,
                 *retention.quarantine);
  }
  return found;
}

Pruned prune_some(PgSession& session, Retention const& retention) {
  Pruned gone;
  if (retention.alerts) gone.alerts = prune_alerts(session, *retention.alerts, false);
  Transaction tx(session);
  if (retention.runs) {
    SqlParams const params{seconds_of(*retention.runs)};
    gone.runs = static_cast<std::int64_t>(exec(tx, remove_runs_sql(), params).affected_rows());
  }
  if (retention.quarantine) {
    gone.quarantine = count_of(tx, remove_rows_sql(), *retention.quarantine);
  }
  tx.commit();
  return gone;
}

std::int64_t keep_months(PgSession& session) {
  return make_months(session, "make_change_months") + make_months(session, "keep_run_months");
}

bool claim_for_today(PgSession& session, std::string const& task) {
  Transaction tx(session);
  SqlParams const params{task};
  auto const taken =
      exec(tx,
           "INSERT INTO affsync.upkeep AS u (task, done_at) VALUES ($1, now())"
           " ON CONFLICT (task) DO UPDATE SET done_at = now()"
           " WHERE u.done_at < now() - interval '23 hours' OR u.done_at > now() RETURNING 1",
           params);
  tx.commit();
  return !taken.empty();
}

}  // namespace affsync::schema
