// Commission that was earned and not paid yet, from reporting.unpaid_commission.
#include "base/error.hpp"
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

// The days of the view are those of its oldest rows: --since and --until do not apply.
ReportPlan plan_unpaid(ReportOptions const& options) {
  require_known_cut(options, {"", "source", "currency"});
  if (options.since || options.until) {
    throw Failure(ErrorCode::usage, "--since and --until do not apply to unpaid commission",
                  "The report shows what is unpaid now, and since when.");
  }
  ReportPlan plan;
  plan.by = options.by == "currency" ? "currency" : "source";
  plan.parameters = day_parameters(options);
  bool const by_source = plan.by == "source";
  std::string const sums = "sum(amount) AS amount, " +
                           usd_sum_sql("amount_usd", "amount",
                                       by_source ? "grouping(source) = 1" : "false", "known_usd") +
                           " AS amount_usd, min(oldest_on)::text AS oldest_on, sum(rows) AS rows, "
                           "sum(rows_without_usd) AS rows_without_usd, ";
  // Citus adds up grouping sets of what is collected first.
  plan.sql =
      "WITH picked AS MATERIALIZED (SELECT * FROM reporting.unpaid_commission WHERE "
      "($1::date IS NULL AND $2::date IS NULL) AND " +
      of_source() + ") SELECT " + (by_source ? "source, " : "") + "currency, " + sums +
      (by_source ? "grouping(source) = 1" : "false") + " AS is_total FROM picked GROUP BY " +
      (by_source ? "GROUPING SETS ((source, currency), (currency)) "
                   "ORDER BY currency, is_total, source"
                 : "currency ORDER BY currency");
  if (by_source) plan.columns = {{"source", "source", ReportValue::text, 9, 8}};
  plan.columns.insert(plan.columns.end(),
                      {{"currency", "currency", ReportValue::text, 9},
                       {"amount", "unpaid", ReportValue::amount, 10},
                       {"amount_usd", "in USD", ReportValue::usd, 7, 0, true},
                       {"oldest_on", "since", ReportValue::day, 8},
                       {"rows", "rows", ReportValue::count, 4, 0, true},
                       {"rows_without_usd", "no rate", ReportValue::count, 5, 0, true, true},
                       {"is_total", "", ReportValue::total}});
  // Brokers whose rows never become paid are left out, and their money is not small.
  plan.notes_sql =
      "SELECT string_agg(DISTINCT s.name || '/' || st.stream, ', ') || ': the rows do not show "
      "what was paid; what "
      "is owed is in `report balances`.' FROM affsync.source s JOIN affsync.stream st "
      "ON st.source_id = s.source_id WHERE st.record_table = 'commission' AND st.in_reports "
      "AND NOT coalesce(st.has_paid_state, false) AND s.retired_at IS NULL "
      "AND st.retired_at IS NULL AND ($1::date IS NULL AND $2::date IS NULL) AND " +
      of_source("s.name") + " HAVING count(*) > 0";
  return plan;
}

}  // namespace affsync::reports
