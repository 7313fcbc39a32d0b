// What the broker paid out or was asked to pay out.
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

namespace {

constexpr char const* payout_day = "(coalesce(requested_at, paid_at) AT TIME ZONE 'UTC')::date";
constexpr char const* payout_sums =
    "sum(amount) FILTER (WHERE status = 'paid') AS paid, "
    "sum(amount) FILTER (WHERE status IN ('requested', 'approved', 'processing')) AS open, "
    "sum(amount) FILTER (WHERE status IN ('rejected', 'failed', 'cancelled')) AS refused, "
    "sum(amount) FILTER (WHERE coalesce(status, 'unknown') NOT IN ('paid', 'requested', "
    "'approved', 'processing', 'rejected', 'failed', 'cancelled')) AS other, count(*) AS rows, "
    "percentile_disc(0.5) WITHIN GROUP (ORDER BY days_waiting) FILTER (WHERE status = 'paid') "
    "AS median_days";

ReportPlan plan_single_payouts() {
  ReportPlan plan;
  plan.sql = "WITH picked AS (SELECT * FROM reporting.payouts WHERE " + in_days(payout_day) +
             "), lines AS (SELECT coalesce(requested_at, paid_at) AS at, requested_at, source, "
             "external_id, "
             "status, currency, amount, amount_usd, method, paid_at, days_waiting, "
             "(amount IS NOT NULL AND amount_usd IS NULL)::int AS rows_without_usd, "
             "false AS is_total FROM picked UNION ALL "
             "SELECT NULL, NULL, NULL, NULL, 'paid', currency, sum(amount), sum(amount_usd), NULL, "
             "NULL, NULL, count(*) FILTER (WHERE amount IS NOT NULL AND amount_usd IS NULL), true "
             "FROM picked WHERE status = 'paid' GROUP BY currency) "
             "SELECT " +
             moment_sql("requested_at") +
             ", source, external_id, status, currency, amount, amount_usd, method, " +
             moment_sql("paid_at") +
             ", days_waiting, rows_without_usd, is_total FROM lines "
             "ORDER BY is_total, at NULLS FIRST, source, external_id, currency";
  plan.latest = true;
  plan.columns = {{"requested_at", "requested", ReportValue::day_of, 8},
                  {"source", "source", ReportValue::text, 5, 8, true},
                  {"external_id", "id", ReportValue::text, 3, 8, true},
                  {"status", "status", ReportValue::text, 9},
                  {"currency", "currency", ReportValue::text, 9},
                  {"amount", "amount", ReportValue::amount, 10},
                  {"amount_usd", "in USD", ReportValue::usd, 4, 0, true},
                  {"method", "method", ReportValue::text, 2, 6, true},
                  {"paid_at", "paid", ReportValue::day_of, 6, 0, true},
                  {"days_waiting", "days", ReportValue::count, 7, 0, true},
                  {"rows_without_usd", "no rate", ReportValue::count, 4, 0, true, true},
                  {"is_total", "", ReportValue::total}};
  plan.note =
      "Days are UTC. Sums include what was paid; `days` of an open payout: its wait so far.";
  return plan;
}

}  // namespace

ReportPlan plan_payouts(ReportOptions const& options) {
  require_known_cut(options,
                    {"", "day", "week", "month", "quarter", "year", "source", "currency", "kind"});
  ReportPlan plan;
  if (options.by.empty()) {
    plan = plan_single_payouts();
    plan.parameters = day_parameters(options);
    return plan;
  }
  std::string key;
  ReportColumn column{options.by, options.by, ReportValue::text, 9, 8};
  auto const time = time_cut(options.by, payout_day);
  if (time) {
    key = time->key;
    column = time->column;
  } else if (options.by == "source") {
    key = "source";
  } else if (options.by == "kind") {
    key = "status";
    column.name = column.title = "status";
  }
  bool const keyed = !key.empty();
  plan.by = options.by;
  plan.latest = time.has_value();
  plan.note =
      "`days`: median number of days from request to payment. `unclear`: without a state, or with "
      "one that the connector does not know.";
  plan.parameters = day_parameters(options);
  plan.sql = "WITH picked AS (SELECT *, " + (keyed ? key : std::string("NULL::text")) +
             " AS k1 FROM reporting.payouts WHERE " + in_days(payout_day) +
             "), sums AS (SELECT k1, " + "currency, " + payout_sums + ", " +
             (keyed ? "grouping(k1) = 1 AS is_total FROM picked GROUP BY GROUPING SETS "
                      "((k1, currency), (currency)))"
                    : "false AS is_total FROM picked GROUP BY k1, currency)") +
             " SELECT " + (keyed ? "k1, " : "") +
             "currency, paid, open, refused, other, rows, median_days, " +
             bar_sql("paid", "PARTITION BY currency") +
             " AS bar, is_total FROM sums ORDER BY currency, is_total, k1";
  if (keyed) plan.columns.push_back(column);
  plan.columns.insert(plan.columns.end(),
                      {{"currency", "currency", ReportValue::text, 9},
                       {"paid", "paid", ReportValue::amount, 10},
                       {"open", "open", ReportValue::amount, 9, 0, false, true},
                       {"refused", "refused", ReportValue::amount, 5, 0, true, true},
                       {"other", "unclear", ReportValue::amount, 5, 0, true, true},
                       {"rows", "payouts", ReportValue::count, 4, 0, true},
                       {"median_days", "days", ReportValue::count, 3, 0, true},
                       {"bar", "", ReportValue::bar, 2, 0, true},
                       {"is_total", "", ReportValue::total}});
  return plan;
}

}  // namespace affsync::reports
