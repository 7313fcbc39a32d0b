// The runs of all streams, from affsync.sync_run: when, how long, what they brought, why they
// failed.
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

namespace {

constexpr char const* run_day = "(r.started_at AT TIME ZONE 'UTC')::date";

ReportPlan plan_single_runs() {
  ReportPlan plan;
  plan.latest = true;
  plan.sql = "SELECT " + moment_sql("r.started_at") +
             ", s.name, r.stream, r.status, round(coalesce(r.duration_ms, 1000 * extract(epoch "
             "FROM coalesce(r.finished_at, now()) - r.started_at)) / 1000)::bigint, r.rows_read, "
             "r.inserted, r.updated, r.deleted, r.quarantined, r.requests, r.error_code, r.error, "
             "false AS is_total FROM affsync.sync_run r "
             "JOIN affsync.source s ON s.source_id = r.source_id WHERE " +
             in_days(run_day, "s.name") + " ORDER BY r.started_at, r.run_id, s.name";
  plan.columns = {{"started_at", "started", ReportValue::moment, 9},
                  {"source", "source", ReportValue::text, 8, 8},
                  {"stream", "stream", ReportValue::text, 8, 8},
                  {"status", "status", ReportValue::text, 9},
                  {"seconds", "seconds", ReportValue::count, 5, 0, true},
                  {"rows_read", "read", ReportValue::count, 6},
                  {"inserted", "new", ReportValue::count, 6},
                  {"updated", "changed", ReportValue::count, 5, 0, true},
                  {"deleted", "deleted", ReportValue::count, 4, 0, true, true},
                  {"quarantined", "quarantined", ReportValue::count, 6, 0, true, true},
                  {"requests", "requests", ReportValue::count, 2, 0, true},
                  {"error_code", "error", ReportValue::text, 7, 0, true, true},
                  {"error", "what happened", ReportValue::text, 1, 20, true, true},
                  {"is_total", "", ReportValue::total}};
  plan.note = "Times are UTC. Runs are kept as long as `retention.runs` says.";
  return plan;
}

}  // namespace

ReportPlan plan_runs(ReportOptions const& options) {
  require_known_cut(options, {"", "day", "week", "month", "source", "kind"});
  if (options.by.empty()) {
    ReportPlan plan = plan_single_runs();
    plan.parameters = day_parameters(options);
    return plan;
  }
  ReportPlan plan;
  plan.by = options.by;
  plan.parameters = day_parameters(options);
  auto const time = time_cut(options.by, run_day);
  plan.latest = time.has_value();
  std::string key = options.by == "kind" ? "r.status" : "s.name";
  ReportColumn column{options.by == "kind" ? "status" : "source",
                      options.by == "kind" ? "status" : "source", ReportValue::text, 9, 8};
  if (time) {
    key = time->key;
    column = time->column;
  }
  // Citus adds up grouping sets of what is collected first.
  plan.sql = "WITH picked AS MATERIALIZED (SELECT r.*, " + key +
             " AS k1 FROM affsync.sync_run r JOIN affsync.source s ON s.source_id = r.source_id"
             " WHERE " +
             in_days(run_day, "s.name") +
             ") SELECT k1, count(*) AS runs, count(*) FILTER (WHERE status = 'succeeded') AS "
             "succeeded, count(*) FILTER (WHERE status = 'failed') AS failed, "
             "round(sum(duration_ms) / 1000.0)::bigint AS seconds, sum(rows_read) AS read, "
             "sum(inserted) AS inserted, sum(updated) AS updated, sum(requests) AS requests, "
             "grouping(k1) = 1 AS is_total FROM picked GROUP BY GROUPING SETS ((k1), ())"
             " HAVING count(*) > 0 ORDER BY is_total, k1";
  plan.columns = {column,
                  {"runs", "runs", ReportValue::count, 8},
                  {"succeeded", "succeeded", ReportValue::count, 7},
                  {"failed", "failed", ReportValue::count, 8},
                  {"seconds", "seconds", ReportValue::count, 4, 0, true},
                  {"rows_read", "read", ReportValue::count, 5, 0, true},
                  {"inserted", "new", ReportValue::count, 6},
                  {"updated", "changed", ReportValue::count, 5, 0, true},
                  {"requests", "requests", ReportValue::count, 3, 0, true},
                  {"is_total", "", ReportValue::total}};
  return plan;
}

}  // namespace affsync::reports
