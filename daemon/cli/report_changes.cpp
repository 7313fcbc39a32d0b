// What brokers changed after the fact. The changed columns are in many currencies, which the record
// does not name; so only those in US dollars are added up.
#include "daemon/cli/report_plan.hpp"

namespace affsync::cli {

namespace {

constexpr char const* change_day = "(changed_at AT TIME ZONE 'UTC')::date";

ReportPlan plan_single_changes() {
  ReportPlan plan;
  plan.sql = "SELECT " + moment_sql("changed_at") +
             ", source, record_table, external_id, column_name, before, after, difference, "
             "occurred_on::text, false AS is_total FROM reporting.retroactive_changes WHERE " +
             in_days(change_day) +
             " ORDER BY changed_at, source, record_table, external_id, column_name";
  plan.columns = {{"changed_at", "changed (UTC)", ReportValue::moment, 7},
                  {"source", "source", ReportValue::text, 3, 8, true},
                  {"record_table", "table", ReportValue::text, 6},
                  {"external_id", "row", ReportValue::text, 5, 8},
                  {"column_name", "column", ReportValue::text, 8},
                  {"before", "before", ReportValue::amount, 8},
                  {"after", "after", ReportValue::amount, 8},
                  {"difference", "difference", ReportValue::amount, 9},
                  {"occurred_on", "counts for", ReportValue::day, 4, 0, true},
                  {"is_total", "", ReportValue::total}};
  return plan;
}

}  // namespace

ReportPlan plan_changes(ReportOptions const& options) {
  require_known_cut(options, {"", "day", "month", "source", "kind"});
  if (options.by.empty()) {
    ReportPlan plan = plan_single_changes();
    plan.parameters = day_parameters(options);
    return plan;
  }
  std::string key = "source";
  ReportColumn column{options.by, options.by, ReportValue::text, 9, 8};
  if (options.by == "day") {
    key = std::string(change_day) + "::text";
    column.value = ReportValue::day;
  } else if (options.by == "month") {
    key = "to_char(" + std::string(change_day) + ", 'YYYY-MM')";
    column.value = ReportValue::month;
  } else if (options.by == "kind") {
    key = "record_table || '.' || column_name";
    column.name = column.title = "column";
  }
  ReportPlan plan;
  plan.by = options.by;
  plan.parameters = day_parameters(options);
  plan.sql = "WITH picked AS (SELECT " + key +
             " AS k1, column_name, external_id, record_table, source, stream, difference, "
             "right(column_name, 4) = '_usd' AS usd FROM reporting.retroactive_changes WHERE " +
             in_days(change_day) +
             ") SELECT k1, count(*) AS changes, "
             "count(DISTINCT (source, record_table, stream, external_id)) AS rows, "
             "sum(difference) FILTER (WHERE usd AND difference > 0) AS raised_usd, "
             "sum(difference) FILTER (WHERE usd AND difference < 0) AS lowered_usd, "
             "grouping(k1) = 1 AS is_total FROM picked GROUP BY GROUPING SETS ((k1), ()) "
             "HAVING count(*) > 0 ORDER BY is_total, k1";
  plan.columns = {column,
                  {"changes", "changes", ReportValue::count, 7},
                  {"rows", "rows", ReportValue::count, 6},
                  {"raised_usd", "raised USD", ReportValue::usd, 9},
                  {"lowered_usd", "lowered USD", ReportValue::usd, 9},
                  {"is_total", "", ReportValue::total}};
  plan.note = "Sums are of the columns in US dollars only; the others name no currency.";
  return plan;
}

}  // namespace affsync::cli
