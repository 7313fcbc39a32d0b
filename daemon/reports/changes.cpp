// What brokers changed later. Running totals and balances change regularly, so only --by kind
// counts them.
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

namespace {

constexpr char const* change_day = "(changed_at AT TIME ZONE 'UTC')::date";

ReportPlan plan_single_changes() {
  ReportPlan plan;
  plan.latest = true;
  plan.sql = "SELECT " + moment_sql("changed_at") +
             ", source, record_table, external_id, client_ref, column_name, currency, before, "
             "after, difference, occurred_on::text, reason, false AS is_total "
             "FROM reporting.retroactive_changes WHERE NOT running_total AND " +
             in_days(change_day) +
             " ORDER BY changed_at, source, record_table, external_id, column_name";
  plan.columns = {{"changed_at", "changed", ReportValue::day_of, 7},
                  {"source", "source", ReportValue::text, 3, 8, true},
                  {"record_table", "table", ReportValue::text, 6},
                  {"external_id", "row", ReportValue::text, 5, 8},
                  {"client_ref", "client", ReportValue::text, 2, 8, true},
                  {"column_name", "column", ReportValue::text, 8},
                  {"currency", "currency", ReportValue::text, 8},
                  {"before", "before", ReportValue::amount, 8, 0, true},
                  {"after", "after", ReportValue::amount, 8},
                  {"difference", "difference", ReportValue::amount, 9},
                  {"occurred_on", "counts for", ReportValue::day, 4, 0, true},
                  {"reason", "reason", ReportValue::text, 3, 0, true, true},
                  {"is_total", "", ReportValue::total}};
  plan.note = "Without running totals and balances; --by kind counts those too.";
  return plan;
}

struct ChangeCut {
  std::string key;
  ReportColumn column;
  bool with_table = true;  // the table has its own column
};

ChangeCut change_cut(std::string const& by) {
  if (auto time = time_cut(by, change_day)) return {time->key, time->column};
  if (by == "source") return {"source", {"source", "source", ReportValue::text, 9, 8}};
  return {
      // Balances are nothing else.
      "record_table || '.' || column_name || CASE WHEN running_total AND record_table <> 'balance' "
      "THEN ' (running total)' ELSE '' END",
      {"column", "column", ReportValue::text, 9, 8},
      false};
}

}  // namespace

ReportPlan plan_changes(ReportOptions const& options) {
  require_known_cut(options, {"", "day", "week", "month", "quarter", "year", "source", "kind"});
  if (options.by.empty()) {
    ReportPlan plan = plan_single_changes();
    plan.parameters = day_parameters(options);
    return plan;
  }
  ChangeCut const cut = change_cut(options.by);
  ReportPlan plan;
  plan.by = options.by;
  plan.latest = time_cut(options.by, change_day).has_value();
  plan.parameters = day_parameters(options);
  plan.columns = {cut.column};
  // Add up only `amount`: the other columns hold the same money in another form.
  std::string where = in_days(change_day);
  if (cut.with_table) {
    plan.columns.push_back({"record_table", "table", ReportValue::text, 8});
    plan.note = "Changes of amounts, without running totals and balances.";
    where += " AND column_name = 'amount' AND NOT running_total";
  }
  std::string const keys = cut.with_table ? "k1, record_table, currency" : "k1, currency";
  plan.sql =
      "WITH picked AS (SELECT " + cut.key +
      " AS k1, record_table, currency, source, stream, external_id, difference "
      "FROM reporting.retroactive_changes WHERE " +
      where + ") SELECT " + keys +
      ", count(*) AS changes, count(DISTINCT (source, record_table, stream, external_id)) "
      "AS rows, sum(difference) FILTER (WHERE difference > 0) AS raised, "
      "sum(difference) FILTER (WHERE difference < 0) AS lowered, grouping(k1) = 1 AS is_total "
      "FROM picked GROUP BY " +
      (cut.with_table ? "GROUPING SETS ((k1, record_table, currency), (record_table, "
                        "currency)) ORDER BY record_table, currency, is_total, k1"
                      : "k1, currency ORDER BY k1, currency");
  for (ReportColumn column : {ReportColumn{"currency", "currency", ReportValue::text, 9},
                              ReportColumn{"changes", "changes", ReportValue::count, 7},
                              ReportColumn{"rows", "rows", ReportValue::count, 6},
                              ReportColumn{"raised", "raised", ReportValue::amount, 9},
                              ReportColumn{"lowered", "lowered", ReportValue::amount, 9},
                              ReportColumn{"is_total", "", ReportValue::total}}) {
    plan.columns.push_back(std::move(column));
  }
  return plan;
}

}  // namespace affsync::reports
