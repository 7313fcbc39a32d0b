// The plan of a report: its query and the meaning of its columns, for the terminal and for HTTP.
// Each report has a file that makes its plan; output.hpp and cli/report_text.hpp write the result.
// Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace affsync::reports {

// The options of a report.
struct ReportOptions {
  std::string report;  // one of all_reports()
  std::optional<Day> since, until;
  std::string source;        // only this source; empty: all
  std::optional<int> limit;  // lines of each currency; 0 or nullopt: all
  std::string by;            // one of the report's cuts; empty: the report's default
};

enum class ReportValue {
  text,
  day,       // YYYY-MM-DD
  month,     // YYYY-MM
  moment,    // YYYY-MM-DDTHH:MM:SSZ; tables leave the seconds out
  day_of,    // like moment, but tables show only the day
  amount,    // in the currency of the row's `currency` column
  usd,       // an amount in US dollars
  quantity,  // lots
  percent,   // rounded by the query
  count,     // a whole number; the only kind that is a number in JSON
  bar,       // a length in eighths of a character; only in tables
  trend,     // "buckets|bucket:level,…"; only in tables
  total,     // "t" marks a line of sums, "all" one over all currencies; always the last column
};

struct ReportColumn {
  std::string name;   // in CSV and JSON
  std::string title;  // in tables
  ReportValue value = ReportValue::text;
  int importance = 5;         // of TableColumn
  int min_width = 0;          // of TableColumn
  bool droppable = false;     // of TableColumn
  bool hide_if_none = false;  // tables leave the column out if it is zero or null in every row
  bool data_only = false;     // only in CSV and JSON
};

struct ReportPlan {
  std::string report;
  std::string by;   // empty: single rows
  std::string sql;  // read-only, one statement
  std::vector<std::optional<std::string>> parameters;
  std::vector<ReportColumn> columns;  // in the order of the query's columns
  std::string note;                   // shown below a table; may be empty
  std::string notes_sql;              // query with the same parameters; each row is a text on what
                                      // the report leaves out, and why. May be empty
  int limit = 0;                      // lines of each block, which ends with sums; 0: all
  bool latest = false;                // the limit keeps the last lines instead of the first
};

// Throws Failure(usage) for an unknown report, or for an unknown --by with the known ones as hint.
ReportPlan plan_report(ReportOptions const& options);

ReportPlan plan_earnings(ReportOptions const& options);
ReportPlan plan_clients(ReportOptions const& options);
ReportPlan plan_payouts(ReportOptions const& options);
ReportPlan plan_rebates(ReportOptions const& options);
ReportPlan plan_changes(ReportOptions const& options);
ReportPlan plan_balances(ReportOptions const& options);
ReportPlan plan_unpaid(ReportOptions const& options);
ReportPlan plan_clawbacks(ReportOptions const& options);
ReportPlan plan_runs(ReportOptions const& options);

// What a help page says of a report.
struct ReportAbout {
  std::string name;
  std::string title;                 // one line
  std::vector<std::string> cuts;     // the words of --by, the default not included if it has none
  std::string help;                  // what the lines are, and what --since means
  std::vector<std::string> example;  // command lines, with what each shows
  bool has_days = true;              // takes --since and --until
};
std::vector<ReportAbout> const& all_reports();

// Parts that the plans share.

// Returns an SQL condition on `day`, an expression of type date, and on the name of the source. The
// parameters $1 and $2 are the first and last day, $3 the source; null means no bound.
std::string in_days(std::string_view day, std::string_view source = "source");
// Returns the condition on the source alone.
std::string of_source(std::string_view source = "source");
std::vector<std::optional<std::string>> day_parameters(ReportOptions const& options);
// Returns SQL that formats a timestamptz as ReportValue::moment.
std::string moment_sql(std::string_view column);
// A line for each day, week, month, quarter or year of `day`: its key as SQL, and its column.
struct TimeCut {
  std::string key;
  ReportColumn column;
};
std::optional<TimeCut> time_cut(std::string_view by, std::string const& day);
// Throws Failure(usage) unless `options.by` is one of `known`; the empty text stands for the
// default.
void require_known_cut(ReportOptions const& options, std::vector<std::string> const& known);
// Returns SQL for notes on running totals whose growth counts on the day it was read: those rows of
// `steps` where the readings before and after lie in different periods (day or month). `what` names
// the totals in the note.
std::string spans_note_sql(std::string_view steps, std::string_view period, std::string_view what);
// Returns SQL for a sum in US dollars that is null if one figure is unknown, since a partial sum
// would be taken for the whole. Where the condition `total` holds, it is the sum of the known
// figures, because the column `rows_without_usd` beside it counts the others. `known`: the column
// that has them, if a line is a sum itself.
std::string usd_sum_sql(std::string_view usd, std::string_view amount,
                        std::string_view total = "false", std::string_view known = {});
// Returns SQL for the length of a bar: `value` relative to the largest one of its `partition`, such
// as a currency. For the outermost SELECT.
std::string bar_sql(std::string_view value, std::string_view partition);

}  // namespace affsync::reports
