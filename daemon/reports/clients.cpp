// What each client earned for the affiliate, and how many registered clients deposited and traded.
#include "base/error.hpp"
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

namespace {

constexpr char const* registered_day = "(registered_at AT TIME ZONE 'UTC')::date";

// A sum that is null if a figure is.
std::string whole_sum(std::string const& column) {
  return "CASE WHEN bool_and(" + column + " IS NOT NULL) THEN sum(" + column + ") END";
}

// Columns with the money between them. Tables show what is known, beside the number of rows without
// a rate: one such row would otherwise blank all that the client ever earned. Of a client whose
// rows all have no rate nothing is known, but that it earned. CSV and JSON have the figures of the
// view as well, under its names.
std::vector<ReportColumn> with_money(std::vector<ReportColumn> columns,
                                     std::vector<ReportColumn> const& rest) {
  for (auto const* name : {"commission_usd", "rebate_usd", "net_usd"}) {
    columns.push_back({name, "", ReportValue::usd, 0, 0, true, false, true});
  }
  columns.push_back({"known_commission_usd", "earned USD", ReportValue::usd, 9});
  columns.push_back({"known_rebate_usd", "rebates USD", ReportValue::usd, 8});
  columns.push_back({"known_net_usd", "net USD", ReportValue::usd, 9});
  columns.insert(columns.end(), rest.begin(), rest.end());
  return columns;
}

ReportPlan plan_single_clients() {
  ReportPlan plan;
  plan.by = "client";
  plan.sql =
      "WITH picked AS (SELECT * FROM reporting.client_performance WHERE " +
      in_days(registered_day) +
      "), lines AS ("
      "SELECT source, client_ref, country, status, registered_at, last_commission_on, "
      "commission_usd, rebate_usd, net_usd, known_commission_usd, known_rebate_usd, known_net_usd, "
      "volume_lots, rows_without_usd, false AS is_total "
      "FROM picked UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, max(last_commission_on), " +
      whole_sum("commission_usd") + ", " + whole_sum("rebate_usd") + ", " + whole_sum("net_usd") +
      ", sum(known_commission_usd), sum(known_rebate_usd), sum(known_net_usd), sum(volume_lots), "
      "sum(rows_without_usd), true FROM picked HAVING count(*) > 0) "
      "SELECT CASE WHEN client_ref IS NULL AND NOT is_total THEN '(unattributed)' ELSE client_ref "
      "END, source, country, status, " +
      std::string(registered_day) +
      "::text, last_commission_on::text, commission_usd, rebate_usd, net_usd, "
      "known_commission_usd, known_rebate_usd, known_net_usd, rows_without_usd, volume_lots, " +
      bar_sql("known_net_usd", "") +
      " AS bar, is_total FROM lines "
      "ORDER BY is_total, known_net_usd DESC NULLS LAST, source, client_ref";
  plan.columns = with_money({{"client_ref", "client", ReportValue::text, 10, 8},
                             {"source", "source", ReportValue::text, 6, 8, true},
                             {"country", "country", ReportValue::text, 4, 0, true, true},
                             {"status", "status", ReportValue::text, 4, 0, true},
                             {"registered_on", "registered", ReportValue::day, 4, 0, true},
                             {"last_commission_on", "last earned", ReportValue::day, 5, 0, true}},
                            {{"rows_without_usd", "no rate", ReportValue::count, 7, 0, true, true},
                             {"volume_lots", "lots", ReportValue::quantity, 3, 0, true, true},
                             {"bar", "", ReportValue::bar, 2, 0, true},
                             {"is_total", "", ReportValue::total}});
  return plan;
}

ReportPlan plan_clients_by_source() {
  ReportPlan plan;
  plan.by = "source";
  plan.sql =
      "SELECT source, count(client_ref) AS clients, count(client_ref) FILTER (WHERE "
      "known_commission_usd > 0 OR known_commission_usd IS NULL) AS earning, " +
      whole_sum("commission_usd") + ", " + whole_sum("rebate_usd") + ", " + whole_sum("net_usd") +
      ", sum(known_commission_usd), sum(known_rebate_usd), sum(known_net_usd) AS known_net_usd, "
      "sum(rows_without_usd) AS rows_without_usd, "
      "sum(volume_lots) AS volume_lots, grouping(source) = 1 AS is_total "
      "FROM reporting.client_performance WHERE " +
      in_days(registered_day) +
      " GROUP BY GROUPING SETS ((source), ()) HAVING count(*) > 0 "
      "ORDER BY is_total, known_net_usd DESC NULLS LAST, source";
  plan.columns = with_money({{"source", "source", ReportValue::text, 9, 8},
                             {"clients", "clients", ReportValue::count, 8},
                             {"earning", "earning", ReportValue::count, 7}},
                            {{"rows_without_usd", "no rate", ReportValue::count, 7, 0, true, true},
                             {"volume_lots", "lots", ReportValue::quantity, 3, 0, true, true},
                             {"is_total", "", ReportValue::total}});
  return plan;
}

ReportPlan plan_clients_by_month() {
  ReportPlan plan;
  plan.by = "month";
  plan.latest = true;
  // A month counts if --since and --until include any of its days.
  plan.sql =
      "WITH lines AS (SELECT month, sum(registered) AS registered, sum(deposited) AS deposited, "
      "sum(traded) AS traded, sum(earning) AS earning, grouping(month) = 1 AS is_total "
      "FROM reporting.conversion_funnel WHERE ($1::date IS NULL OR month >= date_trunc('month', "
      "$1::date)) AND ($2::date IS NULL OR month <= $2::date) "
      "AND " +
      of_source() +
      " GROUP BY GROUPING SETS ((month), ()) HAVING count(*) > 0) "
      "SELECT to_char(month, 'YYYY-MM'), registered, deposited, traded, earning, "
      "round(100.0 * earning / nullif(registered, 0), 1) AS earning_percent, " +
      bar_sql("registered", "") + " AS bar, is_total FROM lines ORDER BY is_total, month";
  plan.columns = {{"month", "registered in", ReportValue::month, 9},
                  {"registered", "registered", ReportValue::count, 9},
                  {"deposited", "deposited", ReportValue::count, 8},
                  {"traded", "traded", ReportValue::count, 8},
                  {"earning", "earning", ReportValue::count, 8},
                  {"earning_percent", "%", ReportValue::percent, 6, 0, true},
                  {"bar", "", ReportValue::bar, 2, 0, true},
                  {"is_total", "", ReportValue::total}};
  return plan;
}

}  // namespace

ReportPlan plan_clients(ReportOptions const& options) {
  require_known_cut(options, {"", "client", "source", "month"});
  ReportPlan plan = options.by == "source"  ? plan_clients_by_source()
                    : options.by == "month" ? plan_clients_by_month()
                                            : plan_single_clients();
  plan.parameters = day_parameters(options);
  if (plan.by != "month") {
    plan.notes_sql =
        "SELECT 'Left out for lack of a day of registration: ' || concat_ws(' and ', "
        "CASE count(client_ref) WHEN 0 THEN NULL WHEN 1 THEN '1 client' "
        "ELSE count(client_ref) || ' clients' END, "
        "CASE WHEN count(*) > count(client_ref) THEN 'the money that belongs to no client' END) || "
        "' of ' || string_agg(DISTINCT source, ', ' ORDER BY source) || ', with ' || "
        "coalesce(round(sum(known_commission_usd), 2)::text || ' USD', 'no known dollars') || "
        "CASE sum(rows_without_usd) WHEN 0 THEN '' WHEN 1 THEN ' and 1 row without a rate' "
        "ELSE ' and ' || sum(rows_without_usd) || ' rows without a rate' END || '.' "
        "FROM reporting.client_performance WHERE " +
        std::string(registered_day) +
        " IS NULL AND ($1::date IS NOT NULL OR $2::date IS NOT NULL) AND " + of_source() +
        " HAVING count(*) > 0 "
        // Why the sum is another than that of the earnings.
        "UNION ALL SELECT CASE count(*) WHEN 1 THEN '1 client has a running total: ' "
        "ELSE count(*) || ' clients have running totals: ' END || 'what it was when first read has "
        "no day, and is not in `report earnings`.' FROM reporting.client_performance "
        "WHERE commission_from IN ('running totals', 'client') AND " +
        in_days(registered_day) + " HAVING count(*) > 0";
  }
  return plan;
}

}  // namespace affsync::reports
