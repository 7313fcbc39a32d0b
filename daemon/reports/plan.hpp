// What a report asks the database, and what its columns mean, for the terminal and for HTTP. Pure:
// one file a report makes the plan; output.hpp and cli/report_text.hpp write what comes back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace affsync::reports {

// What is asked for.
struct ReportOptions {
  std::string report;  // earnings clients payouts rebates changes balances
  std::optional<Day> since, until;
  std::optional<int> limit;  // lines of each currency, 0: all; none: as many as one can read
  std::string by;            // day month source client link currency kind; empty: the report's own
};

enum class ReportValue {
  text,
  day,       // YYYY-MM-DD
  month,     // YYYY-MM
  moment,    // YYYY-MM-DDTHH:MM:SSZ; tables leave the seconds out
  day_of,    // the same; tables show the day only
  amount,    // in the currency of the row's `currency` column
  usd,       // an amount in US dollars
  quantity,  // lots
  percent,   // as the query rounds it
  count,     // a whole number; the only kind that JSON has as a number
  bar,       // eighths of a character; only on tables
  trend,     // "buckets|bucket:level,…"; only on tables
  total,     // "t" marks a line of sums; always the last column
};

struct ReportColumn {
  std::string name;   // in CSV and JSON
  std::string title;  // in tables
  ReportValue value = ReportValue::text;
  int importance = 5;         // of TableColumn
  int min_width = 0;          // of TableColumn
  bool droppable = false;     // of TableColumn
  bool hide_if_none = false;  // a table leaves it out when no row has anything but zero in it
};

struct ReportPlan {
  std::string report;
  std::string by;   // empty: row by row
  std::string sql;  // read-only, one statement
  std::vector<std::optional<std::string>> parameters;
  std::vector<ReportColumn> columns;  // in the order of the query's
  std::string note;                   // below a table; may be empty
  std::string notes_sql;              // one text a row: what the report leaves out, and why; takes
                                      // the same parameters. May be empty
  int limit = 0;                      // lines of each block, a block ending with sums; 0: all
  bool latest = false;                // of more lines than that the last ones are shown
};

// Throws Failure(usage) when the report cannot be cut that way, with the ways that it can.
ReportPlan plan_report(ReportOptions const& options);

ReportPlan plan_earnings(ReportOptions const& options);
ReportPlan plan_clients(ReportOptions const& options);
ReportPlan plan_payouts(ReportOptions const& options);
ReportPlan plan_rebates(ReportOptions const& options);
ReportPlan plan_changes(ReportOptions const& options);
ReportPlan plan_balances(ReportOptions const& options);

// For `affsync report --help`: which --by each report knows, and the forms of amounts.
std::string report_help();

// Parts that the plans share.

// $1 and $2 are the first and last day, null: open. `day`: an SQL expression of type date.
std::string in_days(std::string_view day);
std::vector<std::optional<std::string>> day_parameters(ReportOptions const& options);
// The text of an SQL timestamptz, as ReportValue::moment has it.
std::string moment_sql(std::string_view column);
// Throws Failure(usage) unless `options.by` is one of `known` (the first is the default's name).
void require_known_cut(ReportOptions const& options, std::vector<std::string> const& known);
// Notes on running totals whose growth is counted on the day that it was met: those of `steps` that
// are not in the period (day or month) in which they began to grow. `what` names them.
std::string spans_note_sql(std::string_view steps, std::string_view period, std::string_view what);
// A sum that is null as soon as one US dollar figure is unknown: a part would be taken for the
// whole. Where the condition `total` holds it is of what is known, as `rows_without_usd` is beside
// it.
std::string usd_sum_sql(std::string_view usd, std::string_view amount,
                        std::string_view total = "false");
// Bars as long as `value` is large among the rows of one currency; for the outermost SELECT.
std::string bar_sql(std::string_view value, std::string_view partition);

}  // namespace affsync::reports
