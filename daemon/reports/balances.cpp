// What brokers report that they owe. Balances of different metrics are never added, since some are
// totals of others.
#include "base/error.hpp"
#include "daemon/reports/plan.hpp"
#include "schema/store/inlined_rates.hpp"

namespace affsync::reports {

namespace {

// With --until: the balances at the end of that day, UTC.
constexpr char const* at_that_time =
    "CASE WHEN $2::date IS NULL THEN is_current ELSE since < ($2::date + 1) AT TIME ZONE 'UTC' "
    "AND (is_current OR until >= ($2::date + 1) AT TIME ZONE 'UTC') END";

// With --until, a balance is worth what it was worth then, or on its own last day before that.
// Citus calls no function that reads tables.
std::string const& balances_sql() {
  static std::string const sql = schema::with_inlined_rates(
      "(SELECT b.source, b.source_id, b.metric, b.account, b.currency, b.amount, b.reserved,"
      " CASE WHEN $2::date IS NULL THEN b.amount_usd WHEN b.currency = 'USD' THEN b.amount"
      " ELSE (SELECT round(x.usd, least(scale(x.usd), 8))"
      " FROM (SELECT b.amount * r.usd_rate AS usd OFFSET 0) x) END AS amount_usd,"
      " b.since, b.until, b.is_current, b.stream, b.external_id FROM reporting.balances b"
      " LEFT JOIN affsync.currency_unit u ON u.currency = b.currency"
      " CROSS JOIN LATERAL affsync.usd_rate(b.currency, least($2::date, coalesce("
      "(b.until AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date)),"
      " $2::date IS NOT NULL, u.whole, u.factor) r) balances");
  return sql;
}

// With --since: every balance that held on one of the days.
ReportPlan plan_single_balances(bool course) {
  ReportPlan plan;
  std::string const chosen =
      course ? "(is_current OR until >= $1::date AT TIME ZONE 'UTC') AND ($2::date IS NULL OR "
               "since < ($2::date + 1) AT TIME ZONE 'UTC')"
             : std::string("$1::date IS NULL AND ") + at_that_time;
  plan.sql = "SELECT source, metric, account, currency, amount, reserved, amount_usd, " +
             moment_sql("since") + ", " + moment_sql("until") + ", false AS is_total FROM " +
             balances_sql() + " WHERE " + of_source() + " AND " + chosen +
             " ORDER BY source, metric, account, stream, external_id, since";
  plan.columns = {{"source", "source", ReportValue::text, 9, 8},
                  {"metric", "balance", ReportValue::text, 8},
                  {"account", "account", ReportValue::text, 4, 8, true, true},
                  {"currency", "currency", ReportValue::text, 9},
                  {"amount", "amount", ReportValue::amount, 10},
                  {"reserved", "reserved", ReportValue::amount, 5, 0, true, true},
                  {"amount_usd", "in USD", ReportValue::usd, 6, 0, true},
                  {"since", "since", ReportValue::moment, 7, 0, true},
                  {"until", "until", ReportValue::moment, 6, 0, true, true},
                  {"is_total", "", ReportValue::total}};
  return plan;
}

}  // namespace

ReportPlan plan_balances(ReportOptions const& options) {
  require_known_cut(options, {"", "source", "currency", "kind"});
  ReportPlan plan;
  if (options.by.empty()) {
    plan = plan_single_balances(options.since.has_value());
  } else {
    if (options.since) {
      throw Failure(ErrorCode::usage, "balances of several days cannot be added up",
                    "Remove --since: --until alone selects the balances at the end of a day.");
    }
    plan.by = options.by;
    std::string const key = options.by == "source" ? "source, " : "";
    plan.sql = "SELECT " + key + "metric, currency, sum(amount) AS amount, " +
               usd_sum_sql("amount_usd", "amount") +
               " AS amount_usd, count(*) AS rows, false AS is_total FROM " + balances_sql() +
               " WHERE $1::date IS NULL AND " + of_source() + " AND " + at_that_time +
               " GROUP BY " + key + "metric, currency ORDER BY " + key +
               (options.by == "currency" ? "currency, metric" : "metric, currency");
    if (options.by == "source") plan.columns = {{"source", "source", ReportValue::text, 9, 8}};
    plan.columns.insert(plan.columns.end(), {{"metric", "balance", ReportValue::text, 8},
                                             {"currency", "currency", ReportValue::text, 9},
                                             {"amount", "amount", ReportValue::amount, 10},
                                             {"amount_usd", "in USD", ReportValue::usd, 6, 0, true},
                                             {"rows", "balances", ReportValue::count, 3, 0, true},
                                             {"is_total", "", ReportValue::total}});
  }
  plan.note = "As reported by the broker; balances of different kinds may include the same money.";
  plan.parameters = day_parameters(options);
  return plan;
}

}  // namespace affsync::reports
