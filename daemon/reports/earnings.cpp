// What was earned, from reporting.earnings_daily. By client or link from the tables behind that
// view, since the view has neither.
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

namespace {

struct EarningsCut {
  std::string keys;  // SQL column list; empty: only the currency
  std::string order;
  std::vector<ReportColumn> columns;
  bool bars = false;
  bool trend = false;
  bool by_time = false;
};

EarningsCut earnings_cut(std::string const& by) {
  EarningsCut cut;
  auto const time = time_cut(by.empty() ? "month" : by, "day");
  if (time) {
    cut.keys = time->key;
    cut.columns = {time->column};
    cut.bars = true;
  } else if (by == "source") {
    cut.keys = "source";
    cut.columns = {{"source", "source", ReportValue::text, 9, 8}};
    cut.trend = true;
  } else if (by == "kind") {
    cut.keys = "kind";
    cut.columns = {{"kind", "kind", ReportValue::text, 9, 8}};
    cut.trend = true;
  } else if (by == "client") {
    cut.keys = "client_ref, source";
    cut.columns = {{"client_ref", "client", ReportValue::text, 9, 8},
                   {"source", "source", ReportValue::text, 5, 8, true}};
    cut.bars = true;
  } else if (by == "link") {
    cut.keys = "link_code, source";
    cut.columns = {{"link_code", "link", ReportValue::text, 9, 8},
                   {"source", "source", ReportValue::text, 5, 8, true}};
    cut.bars = true;
  } else if (by == "currency") {
    cut.trend = true;
  }
  cut.by_time = time.has_value();
  cut.order = cut.by_time ? "is_all, currency, is_total, k1"
                          : "is_all, currency, is_total, amount DESC NULLS LAST, k1, k2";
  return cut;
}

// Returns SQL with one row for each group of commission rows: its keys, currency and sums.
std::string earnings_rows(std::string const& by) {
  if (by != "client" && by != "link") {
    return "SELECT source, day, kind, counts, currency, amount, amount_usd, volume_lots, rows, "
           "rows_without_usd, known_usd "
           "FROM reporting.earnings_daily WHERE " +
           in_days("day");
  }
  // Like reporting.earnings_by_link: the commission's own link, else that of its client.
  std::string const link =
      by == "link" ? "coalesce(b.link_code, p.link_code) AS link_code, " : "b.client_ref, ";
  std::string const clients = by == "link" ? "LEFT JOIN affsync.client_books p ON p.source_id = "
                                             "b.source_id AND p.client_ref = b.client_ref "
                                           : "";
  return "SELECT b.source, " + link +
         "b.day, b.kind, b.counts, b.currency, b.amount, b.amount_usd, b.volume_lots, 1 AS rows, "
         "(b.amount IS NOT NULL AND b.amount_usd IS NULL)::int AS rows_without_usd, b.amount_usd "
         "AS known_usd FROM ("
         "SELECT source_id, source, client_ref, link_code, day, kind, counts, currency, amount, "
         "amount_usd, volume_lots FROM affsync.commission_books "
         "WHERE grain IS DISTINCT FROM 'lifetime' "
         "UNION ALL SELECT source_id, source, client_ref, link_code, day, kind, counts, currency, "
         "amount, amount_usd, volume_lots FROM affsync.commission_steps) b " +
         clients + "WHERE " + in_days("b.day", "b.source");
}

// Running totals have no days, so no line contains their value at the first reading.
std::string earnings_notes(std::string const& by) {
  std::string sql =
      "SELECT CASE WHEN count(*) = 1 THEN '1 running total counts by its recorded growth only: "
      "what "
      "it was' ELSE count(*) || ' running totals count by their recorded growth only: what they "
      "were' END || ' when first read has no day and is left out.' FROM affsync.commission_books "
      "WHERE grain = 'lifetime' AND counts AND ($1::date IS NULL OR true) "
      "AND ($2::date IS NULL OR true) AND " +
      of_source() + " HAVING count(*) > 0";
  if (time_cut(by, "day")) {
    sql = "SELECT * FROM (" + sql + ") totals UNION ALL SELECT * FROM (" +
          spans_note_sql("(SELECT * FROM affsync.commission_steps WHERE counts) counted", by,
                         "running totals") +
          ") spans";
  }
  return sql;
}

// The trend of each group over the chosen days, in up to 24 steps of equal length. Materialized:
// PostgreSQL, which expects a single row, would make the table anew for each line.
constexpr char const* trend_tables =
    ", span AS MATERIALIZED (SELECT min(day) AS first, least(24, max(day) - min(day) + 1) AS "
    "steps, "
    "max(day) - min(day) + 1 AS days FROM counted), "
    "steps AS (SELECT k1, k2, currency, steps, "
    "width_bucket((day - first)::numeric, 0, days, steps) AS step, "
    "greatest(sum(amount), 0) AS amount FROM counted, span WHERE day IS NOT NULL "
    "GROUP BY k1, k2, currency, steps, step), "
    "levels AS (SELECT k1, k2, currency, steps, step, "
    "round(7 * amount / nullif(max(amount) OVER (PARTITION BY k1, k2, currency), 0))::int "
    "AS level FROM steps), "
    "trends AS MATERIALIZED (SELECT k1, k2, currency, min(steps) || '|' || "
    "string_agg(step || ':' || coalesce(level, 0), ',' ORDER BY step) AS trend "
    "FROM levels GROUP BY k1, k2, currency)";

}  // namespace

ReportPlan plan_earnings(ReportOptions const& options) {
  require_known_cut(options, {"", "day", "week", "month", "quarter", "year", "source", "client",
                              "link", "currency", "kind"});
  ReportPlan plan;
  plan.by = options.by.empty() ? "month" : options.by;
  plan.parameters = day_parameters(options);
  EarningsCut const cut = earnings_cut(plan.by);
  bool const keyed = !cut.keys.empty();
  bool const two_keys = plan.by == "client" || plan.by == "link";
  plan.notes_sql = earnings_notes(plan.by);

  // k1 and k2 are the keys. Without keys, the sums of the currencies are the lines themselves.
  std::string sql = "WITH picked AS (" + earnings_rows(plan.by) + "), counted AS (SELECT ";
  if (two_keys) {
    sql += (plan.by == "link" ? "link_code" : "client_ref") + std::string(" AS k1, source AS k2");
  } else {
    sql += (keyed ? cut.keys : std::string("NULL::text")) + " AS k1, NULL::text AS k2";
  }
  sql +=
      ", *, NOT counts AS void FROM picked), "
      "sums AS (SELECT k1, k2, currency, ";
  // Sums by currency, and if there are several currencies, one sum of all in US dollars.
  sql += keyed ? "grouping(k1) = 1 AS is_total, " : "grouping(currency) = 1 AS is_total, ";
  sql +=
      "grouping(currency) = 1 AS is_all, CASE WHEN grouping(currency) = 0 "
      "THEN coalesce(sum(amount) FILTER (WHERE NOT void), 0) END AS amount, "
      "CASE WHEN bool_and(amount_usd IS NOT NULL OR amount IS NULL OR void) "
      "THEN coalesce(sum(amount_usd) FILTER (WHERE NOT void), 0) WHEN " +
      std::string(keyed ? "grouping(k1)" : "grouping(currency)") +
      " = 1 THEN sum(known_usd) FILTER (WHERE NOT void) END AS amount_usd, "
      "CASE WHEN grouping(currency) = 0 THEN sum(amount) FILTER (WHERE void) END AS void_amount, "
      "sum(volume_lots) FILTER (WHERE NOT void) AS volume_lots, "
      "coalesce(sum(rows) FILTER (WHERE NOT void), 0) AS rows, "
      "coalesce(sum(rows_without_usd) FILTER (WHERE NOT void), 0) AS rows_without_usd FROM "
      "counted ";
  sql += keyed ? "GROUP BY GROUPING SETS ((k1, k2, currency), (currency), ())"
               : "GROUP BY GROUPING SETS ((k1, k2, currency), ())";
  sql += " HAVING grouping(currency) = 0 OR count(DISTINCT currency) > 1)";
  if (cut.trend) sql += trend_tables;

  sql += " SELECT ";
  if (keyed) sql += two_keys ? "k1, k2, " : "k1, ";
  sql += "currency, amount, amount_usd, rows_without_usd, void_amount, volume_lots, rows, ";
  if (cut.bars) sql += bar_sql("amount", "PARTITION BY currency") + " AS bar, ";
  if (cut.trend) {
    sql +=
        "(SELECT trend FROM trends t WHERE NOT is_total AND t.k1 IS NOT DISTINCT FROM sums.k1 "
        "AND t.currency IS NOT DISTINCT FROM sums.currency) AS trend, ";
  }
  plan.sql =
      sql + "CASE WHEN is_all THEN 'all' WHEN is_total THEN 't' END AS sum_of FROM sums ORDER BY " +
      cut.order;

  plan.latest = cut.by_time;
  plan.columns = cut.columns;
  plan.columns.push_back({"currency", "currency", ReportValue::text, 9});
  plan.columns.push_back({"amount", "amount", ReportValue::amount, 10});
  plan.columns.push_back({"amount_usd", "in USD", ReportValue::usd, 7, 0, true});
  plan.columns.push_back({"rows_without_usd", "no rate", ReportValue::count, 7, 0, true, true});
  plan.columns.push_back({"void_amount", "rejected", ReportValue::amount, 5, 0, true, true});
  plan.columns.push_back({"volume_lots", "lots", ReportValue::quantity, 4, 0, true, true});
  plan.columns.push_back({"rows", "rows", ReportValue::count, 3, 0, true});
  if (cut.bars) plan.columns.push_back({"bar", "", ReportValue::bar, 6, 0, true});
  if (cut.trend) plan.columns.push_back({"trend", "trend", ReportValue::trend, 6, 0, true});
  plan.columns.push_back({"is_total", "", ReportValue::total});
  return plan;
}

}  // namespace affsync::reports
