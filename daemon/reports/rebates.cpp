// What was passed on to clients. Running totals and dated rows contain the same money, so each line
// is of one sort, and --since and --until apply to the dated ones only. By day or month the report
// has only what has a time: dated rows and the growth of running totals.
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

namespace {

constexpr char const* rebate_day = "day";

struct RebateCut {
  std::string k1 = "NULL::text", k2 = "NULL::text";
  std::vector<ReportColumn> columns;
  bool by_time = false;
};

RebateCut rebate_cut(std::string const& by) {
  RebateCut cut;
  if (auto const time = time_cut(by, "day")) {
    cut.k1 = time->key;
    cut.columns = {time->column};
    cut.by_time = true;
  } else if (by == "source") {
    cut.k1 = "source";
    cut.columns = {{"source", "source", ReportValue::text, 9, 8}};
  } else if (by == "kind") {
    cut.k1 = "group_title";
    cut.columns = {{"group_title", "rebate group", ReportValue::text, 9, 10}};
  } else if (by == "client") {
    cut.k1 = "client_ref";
    cut.k2 = "source";
    cut.columns = {{"client_ref", "client", ReportValue::text, 9, 8},
                   {"source", "source", ReportValue::text, 3, 8, true}};
  }
  return cut;
}

// Returns SQL with one row for each rebate: keys, sort and money.
std::string rebate_rows(RebateCut const& cut) {
  std::string const dated = "(grain IS DISTINCT FROM 'lifetime')";
  if (cut.by_time) {
    return "SELECT " + cut.k1 + " AS k1, " + cut.k2 +
           " AS k2, CASE WHEN since IS NULL THEN 'dated' ELSE 'growth' END AS sort, currency, "
           "amount, amount_usd, net_usd, "
           "amount IS NOT NULL AND amount_usd IS NULL AS unknown FROM affsync.rebate_flows WHERE " +
           in_days(rebate_day);
  }
  return "SELECT " + cut.k1 + " AS k1, " + cut.k2 + " AS k2, CASE WHEN " + dated +
         " THEN 'dated' ELSE 'to date' END AS sort, currency, amount, amount_usd, net_usd, "
         "amount IS NOT NULL AND amount_usd IS NULL AS unknown FROM reporting.rebates WHERE "
         "counts AND ((" +
         dated + " AND " + in_days(rebate_day) + ") OR (NOT " + dated +
         " AND $1::date IS NULL AND $2::date IS NULL AND " + of_source() + "))";
}

// Notes on the running totals, which have no days and are left out if days are chosen.
std::string rebate_notes(RebateCut const& cut, std::string const& by) {
  std::string const totals =
      "SELECT count(*) || CASE WHEN count(*) = 1 THEN ' running total has' ELSE "
      "' running totals have' END || ' no days and ' || CASE WHEN count(*) = 1 THEN 'is' ELSE "
      "'are' END || ' left out" +
      std::string(cut.by_time ? "; only their recorded growth is counted.'" : ".'") +
      " FROM reporting.rebates WHERE counts AND grain = 'lifetime' AND " + of_source() + " AND (" +
      std::string(cut.by_time ? "true OR " : "") +
      "$1::date IS NOT NULL OR $2::date IS NOT NULL) HAVING count(*) > 0";
  if (!cut.by_time) return totals;
  return "SELECT * FROM (" + totals + ") totals UNION ALL SELECT * FROM (" +
         spans_note_sql("affsync.rebate_flows", by, "running totals") + ") spans";
}

}  // namespace

ReportPlan plan_rebates(ReportOptions const& options) {
  require_known_cut(options, {"", "client", "day", "week", "month", "quarter", "year", "source",
                              "currency", "kind"});
  ReportPlan plan;
  plan.by = options.by.empty() ? "client" : options.by;
  plan.parameters = day_parameters(options);
  RebateCut const cut = rebate_cut(plan.by);
  bool const keyed = !cut.columns.empty();

  // Sums by currency, and if there are several currencies, one sum of all in US dollars.
  std::string const total = keyed ? "grouping(k1) = 1" : "grouping(currency) = 1";
  plan.sql = "WITH picked AS (" + rebate_rows(cut) +
             "), sums AS (SELECT k1, k2, sort, currency, "
             "CASE WHEN grouping(currency) = 0 THEN sum(amount) END AS amount, " +
             usd_sum_sql("amount_usd", "amount", total) + " AS amount_usd, " +
             usd_sum_sql("net_usd", "amount", total) +
             " AS net_usd, grouping(currency) = 1 AS is_all, count(*) FILTER (WHERE unknown) AS "
             "rows_without_usd, CASE WHEN count(net_usd) > 0 THEN count(*) FILTER (WHERE amount IS "
             "NOT NULL AND net_usd IS NULL) END AS rows_without_net, count(*) AS rows, " +
             total + " AS is_total FROM picked GROUP BY GROUPING SETS ((k1, k2, sort, currency), " +
             (keyed ? "(sort, currency), " : "") +
             "(sort)) HAVING grouping(currency) = 0 OR count(DISTINCT currency) > 1)"
             " SELECT " +
             (plan.by == "client" ? "k1, k2, "
              : keyed             ? "k1, "
                                  : "") +
             "sort, currency, amount, amount_usd, net_usd, rows_without_usd, "
             "rows_without_net, rows, " +
             bar_sql("amount", "PARTITION BY currency, sort") +
             " AS bar, CASE WHEN is_all THEN 'all' WHEN is_total THEN 't' END AS sum_of FROM sums "
             "ORDER BY sort, is_all, currency, is_total, " +
             (cut.by_time ? "k1" : "amount DESC NULLS LAST, k1, k2");

  plan.latest = cut.by_time;
  plan.columns = cut.columns;
  plan.columns.insert(plan.columns.end(),
                      {{"sort", "sort", ReportValue::text, 7},
                       {"currency", "currency", ReportValue::text, 9},
                       {"amount", "passed on", ReportValue::amount, 10},
                       {"amount_usd", "in USD", ReportValue::usd, 6, 0, true},
                       {"net_usd", "left USD", ReportValue::usd, 5, 0, true, cut.by_time},
                       {"rows_without_usd", "no rate", ReportValue::count, 4, 0, true, true},
                       {"rows_without_net", "no basis", ReportValue::count, 4, 0, true, true},
                       {"rows", "rows", ReportValue::count, 3, 0, true},
                       {"bar", "", ReportValue::bar, 2, 0, true},
                       {"is_total", "", ReportValue::total}});
  plan.note = cut.by_time ? "`growth` is that of running totals between two readings; `dated` are "
                            "single rebates."
                          : "`to date` are running totals, which have no days; `dated` are single "
                            "rebates.";
  plan.notes_sql = rebate_notes(cut, plan.by);
  return plan;
}

}  // namespace affsync::reports
