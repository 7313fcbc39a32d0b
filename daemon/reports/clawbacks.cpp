// Commission that was taken back, from reporting.clawbacks.
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

namespace {

constexpr char const* found_day = "(changed_at AT TIME ZONE 'UTC')::date";

ReportPlan plan_single_clawbacks() {
  ReportPlan plan;
  plan.latest = true;
  plan.sql = "WITH picked AS (SELECT * FROM reporting.clawbacks WHERE " + in_days(found_day) +
             "), lines AS (SELECT changed_at, source, reason, client_ref, kind, external_id, "
             "occurred_on, currency, before, after, difference, false AS is_total FROM picked "
             "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, currency, NULL, NULL, "
             "sum(difference), true FROM picked GROUP BY currency) "
             "SELECT " +
             moment_sql("changed_at") +
             ", source, reason, client_ref, kind, external_id, occurred_on::text, currency, "
             "before, after, difference, is_total FROM lines "
             "ORDER BY is_total, changed_at, source, external_id, currency";
  plan.columns = {{"changed_at", "noticed", ReportValue::day_of, 8},
                  {"source", "source", ReportValue::text, 6, 8, true},
                  {"reason", "reason", ReportValue::text, 8},
                  {"client_ref", "client", ReportValue::text, 5, 8, true, true},
                  {"kind", "kind", ReportValue::text, 2, 0, true, true},
                  {"external_id", "id", ReportValue::text, 3, 8, true},
                  {"occurred_on", "earned on", ReportValue::day, 6, 0, true},
                  {"currency", "currency", ReportValue::text, 9},
                  {"before", "before", ReportValue::amount, 7, 0, true},
                  {"after", "after", ReportValue::amount, 7, 0, true},
                  {"difference", "taken back", ReportValue::amount, 10},
                  {"is_total", "", ReportValue::total}};
  return plan;
}

}  // namespace

ReportPlan plan_clawbacks(ReportOptions const& options) {
  require_known_cut(options,
                    {"", "day", "week", "month", "quarter", "year", "source", "client", "kind"});
  if (options.by.empty()) {
    ReportPlan plan = plan_single_clawbacks();
    plan.parameters = day_parameters(options);
    return plan;
  }
  ReportPlan plan;
  plan.by = options.by;
  plan.parameters = day_parameters(options);
  auto const time = time_cut(options.by, found_day);
  plan.latest = time.has_value();
  std::string key = options.by == "client" ? "client_ref"
                    : options.by == "kind" ? "reason"
                                           : "source";
  ReportColumn column{key, options.by == "kind" ? "reason" : options.by, ReportValue::text, 9, 8};
  if (time) {
    key = time->key;
    column = time->column;
  }
  // The same reference at two sources is two people.
  bool const of_people = options.by == "client";
  plan.sql = "WITH picked AS (SELECT *, " + key + " AS k1, " +
             (of_people ? "source" : "NULL::text") + " AS k2 FROM reporting.clawbacks WHERE " +
             in_days(found_day) + ") SELECT k1, " + (of_people ? "k2, " : "") +
             "currency, sum(difference) AS difference, count(*) AS rows, "
             "grouping(k1) = 1 AS is_total FROM picked GROUP BY GROUPING SETS "
             "((k1, k2, currency), (currency)) ORDER BY currency, is_total, " +
             (time ? "k1" : "difference NULLS LAST, k1, k2");
  plan.columns = {column};
  if (of_people) plan.columns.push_back({"source", "source", ReportValue::text, 5, 8, true});
  plan.columns.insert(plan.columns.end(), {{"currency", "currency", ReportValue::text, 9},
                                           {"difference", "taken back", ReportValue::amount, 10},
                                           {"rows", "times", ReportValue::count, 6},
                                           {"is_total", "", ReportValue::total}});
  return plan;
}

}  // namespace affsync::reports
