#include "daemon/serve/page_queries.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "daemon/reports/json_text.hpp"
#include "daemon/reports/plan.hpp"

namespace affsync::serve {

namespace {

using schema::Store;
using std::chrono::days;

// Columns that are numbers or booleans in JSON; all others are text.
constexpr std::array<std::string_view, 15> number_columns{
    "rows",        "rows_without_usd", "days_waiting", "run_id",  "rows_read",
    "inserted",    "updated",          "unchanged",    "deleted", "pages",
    "quarantined", "requests",         "throttled",    "retries", "duration_ms"};
constexpr std::array<std::string_view, 1> boolean_columns{"open"};

template <class Names>
bool is_in(Names const& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Json cell_json(std::string_view column, std::optional<std::string> const& cell) {
  if (!cell) return {};
  if (is_in(number_columns, column)) return Json::number(*cell);
  if (is_in(boolean_columns, column)) return Json::boolean(*cell == "t");
  return Json::string(*cell);
}

// A row with the columns of `names`; of all columns if it is empty.
Json row_json(Store::Table const& table, std::size_t row,
              std::vector<std::string_view> const& names = {}) {
  Json::Object members;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    auto const& column = table.columns[i];
    if (!names.empty() && !is_in(names, column)) continue;
    members.push_back({column, cell_json(column, table.rows[row][i])});
  }
  return Json::object(std::move(members));
}

Json rows_json(Reading const& reading) {
  Json::Array rows;
  for (std::size_t i = 0; reading.table && i < reading.table->rows.size(); ++i) {
    rows.push_back(row_json(*reading.table, i));
  }
  return Json::array(std::move(rows));
}

std::optional<std::string> const& cell_of(Store::Table const& table, std::size_t row,
                                          std::string_view column) {
  static std::optional<std::string> const none;
  auto const found = std::find(table.columns.begin(), table.columns.end(), column);
  if (found == table.columns.end()) return none;
  return table.rows[row][static_cast<std::size_t>(found - table.columns.begin())];
}

Json problem_json(std::optional<Error> const& problem) {
  if (!problem) return {};
  return Json::object({{"code", reports::json_text(to_string(problem->code))},
                       {"message", reports::json_text(problem->message)},
                       {"hint", reports::json_text_or_null(problem->hint)}});
}

// The members that every section has.
Json::Object section(Reading const& reading) {
  Json::Object members;
  members.push_back({"known_at", reports::json_time_or_null(reading.known_at)});
  members.push_back({"problem", problem_json(reading.problem)});
  return members;
}

Json section_of_rows(Reading const& reading) {
  auto members = section(reading);
  members.push_back({"rows", rows_json(reading)});
  return Json::object(std::move(members));
}

constexpr std::string_view earnings_sql = R"(
SELECT source, connector, currency, day::text AS day,
  CASE WHEN min(currency) = max(currency) THEN min(currency) END AS only_currency,
  coalesce(sum(amount), 0) AS amount, @usd:true@ AS amount_usd,
  coalesce(sum(amount) FILTER (WHERE day = $1::date), 0) AS today,
  coalesce(sum(amount) FILTER (WHERE day >= $2::date AND day < $2::date + interval '1 month'), 0) AS this_month,
  coalesce(sum(amount) FILTER (WHERE day < $2::date), 0) AS last_month,
  @usd:day = $1::date@ AS today_usd,
  @usd:day >= $2::date AND day < $2::date + interval '1 month'@ AS this_month_usd,
  @usd:day < $2::date@ AS last_month_usd,
  coalesce(sum(rows_without_usd) FILTER (WHERE day < $2::date + interval '1 month'), 0) AS rows_without_usd
FROM reporting.earnings_daily
WHERE counts AND day >= $3::date@source@
GROUP BY GROUPING SETS ((source, connector, currency), (day), ())
ORDER BY day, this_month_usd DESC NULLS LAST, last_month_usd DESC NULLS LAST, source, currency
LIMIT 10000)";

constexpr std::string_view balances_sql = R"(
SELECT source, connector, metric, account, currency, amount, amount_usd, reserved, @since@ AS since
FROM reporting.balances
WHERE is_current@source@
ORDER BY amount_usd DESC NULLS LAST, source, metric, account, currency
LIMIT 1000)";

constexpr std::string_view unpaid_sql = R"(
SELECT source, connector, currency, amount, amount_usd, oldest_on::text AS oldest_on, rows,
  rows_without_usd
FROM reporting.unpaid_commission
WHERE true@source@
ORDER BY amount_usd DESC NULLS LAST, source, currency
LIMIT 1000)";

constexpr std::string_view payouts_sql = R"(
SELECT source, connector, external_id, status, is_open AS open, amount, currency, amount_usd,
  method, @requested_at@ AS requested_at, @ended_at@ AS ended_at, days_waiting
FROM (
  SELECT *, coalesce(status, '') IN ('requested', 'approved', 'processing') AS is_open,
    coalesce(paid_at, refused_at) AS ended_at
  FROM reporting.payouts
  WHERE true@source@
) p
-- Some brokers do not say when a payout was paid or refused.
WHERE is_open OR coalesce(ended_at, requested_at) >= now() - interval '30 days'
ORDER BY is_open DESC, CASE WHEN is_open THEN requested_at END,
  coalesce(ended_at, requested_at) DESC, source, external_id
LIMIT 200)";

constexpr std::string_view taken_back_sql = R"(
WITH taken AS MATERIALIZED (
  SELECT source, connector, changed_at, reason, external_id, client_ref, kind, currency, before,
    after, difference, occurred_on, stream
  FROM reporting.clawbacks
  WHERE changed_at >= now() - interval '30 days'@source@
)
SELECT source, connector, currency, count(*) AS rows, sum(difference) AS difference,
  NULL AS changed_at, NULL AS reason, NULL AS external_id, NULL AS client_ref, NULL AS kind,
  NULL::numeric AS before, NULL::numeric AS after, NULL AS occurred_on, NULL AS stream
FROM taken
GROUP BY source, connector, currency
UNION ALL
SELECT * FROM (
  SELECT source, connector, currency, NULL::bigint, difference, @changed_at@, reason, external_id,
    client_ref, kind, before, after, occurred_on::text, stream
  FROM taken
  ORDER BY changed_at DESC, source, external_id
  LIMIT 20
) latest
ORDER BY rows DESC NULLS LAST, changed_at DESC, source, currency)";

void replace(std::string& text, std::string_view mark, std::string_view by) {
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size())) {
    text.replace(at, mark.size(), by);
  }
}

// A sum in US dollars as reports give it: that of a source and currency is null if it is unknown
// for any row, and one of several currencies has what is known, null if nothing is.
std::string usd_of_days_sql(std::string const& chosen) {
  auto const of_days = [&](std::string const& condition) {
    return " FILTER (WHERE " + chosen + condition + ")";
  };
  return "CASE WHEN grouping(source) = 0 AND count(*)" +
         of_days(" AND amount IS NOT NULL AND amount_usd IS NULL") +
         " > 0 THEN NULL WHEN count(amount)" + of_days("") + " = 0 THEN 0 ELSE sum(known_usd)" +
         of_days("") + " END";
}

PageQuery money_query(std::string_view sql, std::vector<std::optional<std::string>> parameters,
                      std::string const& source) {
  std::string text(sql);
  for (auto const* column : {"since", "requested_at", "ended_at", "changed_at"}) {
    replace(text, "@" + std::string(column) + "@", reports::moment_sql(column));
  }
  std::string condition;
  if (!source.empty()) {
    parameters.emplace_back(source);
    condition = " AND source = $" + std::to_string(parameters.size());
  }
  replace(text, "@source@", condition);
  for (auto at = text.find("@usd:"); at != std::string::npos; at = text.find("@usd:", at)) {
    auto const begin = at + 5, end = text.find('@', begin);
    text.replace(at, end + 1 - at, usd_of_days_sql(text.substr(begin, end - begin)));
  }
  return PageQuery(std::move(text), std::move(parameters));
}

// One line for each day up to today, or to the last day that the brokers date already.
Json::Array days_json(Store::Table const& table, PageDays days_of_page, bool with_amount) {
  std::vector<std::string_view> columns{"day", "amount_usd", "rows_without_usd"};
  if (with_amount) columns.emplace_back("amount");
  Json::Array lines;
  auto next = days_of_page.last_month;
  auto const fill_up_to = [&](Day end) {
    for (; next < end; next += days(1)) {
      Json::Object line{{"day", Json::string(format_day(next))},
                        {"amount_usd", Json::string("0")},
                        {"rows_without_usd", Json::number("0")}};
      if (with_amount) line.push_back({"amount", Json::string("0")});
      lines.push_back(Json::object(std::move(line)));
    }
  };
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    auto const& text = cell_of(table, i, "day");
    auto const day = text ? parse_day(*text) : std::nullopt;
    if (!day) continue;
    fill_up_to(*day);
    next = *day + days(1);
    lines.push_back(row_json(table, i, columns));
  }
  fill_up_to(days_of_page.today + days(1));
  return lines;
}

Json earnings_json(Reading const& reading, PageDays days_of_page) {
  static std::vector<std::string_view> const sums{
      "source",     "connector", "currency",       "today",          "this_month",
      "last_month", "today_usd", "this_month_usd", "last_month_usd", "rows_without_usd"};
  static std::vector<std::string_view> const usd_totals{"today_usd", "this_month_usd",
                                                        "last_month_usd", "rows_without_usd"};
  static std::vector<std::string_view> const totals{
      "today",          "this_month",     "last_month",      "today_usd",
      "this_month_usd", "last_month_usd", "rows_without_usd"};
  auto members = section(reading);
  members.push_back({"today", Json::string(format_day(days_of_page.today))});
  members.push_back({"this_month_from", Json::string(format_day(days_of_page.this_month))});
  members.push_back({"last_month_from", Json::string(format_day(days_of_page.last_month))});
  Json::Array rows, lines;
  Json total, currency;
  if (reading.table) {
    auto const& table = *reading.table;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      if (cell_of(table, i, "day")) continue;
      if (cell_of(table, i, "source")) {
        rows.push_back(row_json(table, i, sums));
      } else {
        auto const& only_currency = cell_of(table, i, "only_currency");
        total = row_json(table, i, only_currency ? totals : usd_totals);
        currency = cell_json("currency", only_currency);
      }
    }
    lines = days_json(table, days_of_page, !currency.is_null());
  }
  // Amounts of all sources are added up only if all of them have the same currency.
  members.push_back({"currency", std::move(currency)});
  members.push_back({"total", std::move(total)});
  members.push_back({"rows", Json::array(std::move(rows))});
  members.push_back({"days", Json::array(std::move(lines))});
  return Json::object(std::move(members));
}

Json payouts_json(Reading const& reading) {
  auto members = section(reading);
  Json::Array open, ended;
  for (std::size_t i = 0; reading.table && i < reading.table->rows.size(); ++i) {
    auto& list = cell_of(*reading.table, i, "open") == "t" ? open : ended;
    list.push_back(row_json(*reading.table, i));
  }
  members.push_back({"open", Json::array(std::move(open))});
  members.push_back({"ended", Json::array(std::move(ended))});
  return Json::object(std::move(members));
}

Json taken_back_json(Reading const& reading) {
  auto members = section(reading);
  Json::Array sums, latest;
  for (std::size_t i = 0; reading.table && i < reading.table->rows.size(); ++i) {
    auto const& table = *reading.table;
    if (cell_of(table, i, "rows")) {
      sums.push_back(row_json(table, i, {"source", "connector", "currency", "rows", "difference"}));
    } else {
      latest.push_back(row_json(
          table, i,
          {"source", "connector", "currency", "difference", "changed_at", "reason", "external_id",
           "client_ref", "kind", "before", "after", "occurred_on", "stream"}));
    }
  }
  members.push_back({"rows", Json::array(std::move(sums))});
  members.push_back({"latest", Json::array(std::move(latest))});
  return Json::object(std::move(members));
}

}  // namespace

PageDays PageDays::at(TimePoint now) {
  using namespace std::chrono;
  PageDays page;
  page.today = floor<days>(now);
  year_month_day const date{page.today};
  auto const month = date.year() / date.month();
  page.this_month = sys_days(month / 1);
  page.last_month = sys_days((month - months(1)) / 1);
  return page;
}

MoneyQueries::MoneyQueries(PageDays days_of_page, std::string const& source) : days(days_of_page) {
  std::vector<std::optional<std::string>> const dates{
      format_day(days.today), format_day(days.this_month), format_day(days.last_month)};
  queries = {money_query(earnings_sql, dates, source), money_query(balances_sql, {}, source),
             money_query(unpaid_sql, {}, source), money_query(payouts_sql, {}, source),
             money_query(taken_back_sql, {}, source)};
}

void append_money(Json::Object& members, PageDays days, std::vector<Reading> const& readings) {
  members.push_back({"earnings", earnings_json(readings.at(0), days)});
  members.push_back({"balances", section_of_rows(readings.at(1))});
  members.push_back({"unpaid", section_of_rows(readings.at(2))});
  members.push_back({"payouts", payouts_json(readings.at(3))});
  members.push_back({"taken_back", taken_back_json(readings.at(4))});
}

PageQuery runs_query(std::string const& source, std::string const& stream,
                     std::string const& before, int limit) {
  PageQuery query;
  query.parameters = {source};
  std::string condition;
  auto const and_that = [&](std::string const& comparison, std::string const& value) {
    if (value.empty()) return;
    query.parameters.emplace_back(value);
    condition += " AND " + comparison + " $" + std::to_string(query.parameters.size());
  };
  and_that("r.stream =", stream);
  and_that("r.run_id <", before);
  query.sql =
      "SELECT r.run_id, s.name AS source, r.stream, " + reports::moment_sql("r.started_at") +
      " AS started_at, " + reports::moment_sql("r.finished_at") +
      " AS finished_at, r.status, r.mode, r.window_from::text AS window_from, "
      "r.window_to::text AS window_to, r.rows_read, r.inserted, r.updated, r.unchanged, "
      "r.deleted, r.quarantined, r.pages, r.requests, r.throttled, r.retries, r.duration_ms, "
      "r.error_code, r.error FROM affsync.source s JOIN affsync.sync_run r "
      "ON r.source_id = s.source_id WHERE s.name = $1" +
      condition + " ORDER BY r.run_id DESC LIMIT " + std::to_string(limit);
  return query;
}

Json runs_json(Reading const& reading) {
  return section_of_rows(reading);
}

PageQuery quarantine_query() {
  PageQuery query;
  query.sql = R"(
SELECT s.name AS source, q.stream, q.reason, q.rows
FROM (
  SELECT source_id, stream, reason, count(*) AS rows,
    row_number() OVER (PARTITION BY source_id, stream ORDER BY count(*) DESC, reason) AS place
  FROM affsync.quarantine
  WHERE resolved_at IS NULL AND accepted_at IS NULL
  GROUP BY source_id, stream, reason
) q
JOIN affsync.source s ON s.source_id = q.source_id
WHERE q.place <= 3
ORDER BY q.rows DESC, source, q.stream, q.reason
LIMIT 1000)";
  return query;
}

PageQuery alerts_query() {
  PageQuery query;
  query.sql = "SELECT rule, source, stream, severity, title, text, remedy, " +
              reports::moment_sql("opened_at") +
              " AS opened_at FROM affsync.alert WHERE closed_at IS NULL "
              "ORDER BY severity <> 'urgent', alert_id DESC LIMIT 200";
  return query;
}

}  // namespace affsync::serve
