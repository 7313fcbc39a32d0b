#include "daemon/reports/plan.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace affsync::reports {

ReportPlan plan_report(ReportOptions const& options) {
  if (options.since && options.until && *options.since > *options.until) {
    throw Failure(ErrorCode::usage, "--since is later than --until");
  }
  using Maker = ReportPlan (*)(ReportOptions const&);
  struct Entry {
    std::string_view name;
    Maker make;
  };
  static constexpr Entry reports[] = {
      {"earnings", plan_earnings},   {"clients", plan_clients}, {"payouts", plan_payouts},
      {"rebates", plan_rebates},     {"changes", plan_changes}, {"balances", plan_balances},
      {"clawbacks", plan_clawbacks}, {"unpaid", plan_unpaid},   {"runs", plan_runs}};
  for (auto const& entry : reports) {
    if (entry.name != options.report) continue;
    ReportPlan plan = entry.make(options);
    plan.report = options.report;
    plan.limit = options.limit.value_or(0);
    return plan;
  }
  std::string known;
  for (auto const& entry : reports) known += (known.empty() ? "" : ", ") + std::string(entry.name);
  throw Failure(ErrorCode::usage, "there is no report `" + options.report + "`",
                "Known reports: " + known + ".");
}

std::string of_source(std::string_view source) {
  return "($3::text IS NULL OR " + std::string(source) + " = $3::text)";
}

std::string in_days(std::string_view day, std::string_view source) {
  std::string const text(day);
  return "($1::date IS NULL OR " + text + " >= $1::date) AND ($2::date IS NULL OR " + text +
         " <= $2::date) AND " + of_source(source);
}

std::vector<std::optional<std::string>> day_parameters(ReportOptions const& options) {
  std::vector<std::optional<std::string>> parameters(3);
  if (options.since) parameters[0] = format_day(*options.since);
  if (options.until) parameters[1] = format_day(*options.until);
  if (!options.source.empty()) parameters[2] = options.source;
  return parameters;
}

std::optional<TimeCut> time_cut(std::string_view by, std::string const& day) {
  if (by == "day") return TimeCut{day + "::text", {"day", "day", ReportValue::day, 9}};
  // The form of each period sorts like the time. Weeks are those of ISO 8601.
  static constexpr std::pair<std::string_view, std::string_view> forms[] = {
      {"week", "IYYY-\"W\"IW"}, {"month", "YYYY-MM"}, {"quarter", "YYYY-\"Q\"Q"}, {"year", "YYYY"}};
  for (auto const& [name, form] : forms) {
    if (name != by) continue;
    TimeCut cut;
    cut.key = "to_char(" + day + ", '" + std::string(form) + "')";
    cut.column = {std::string(name), std::string(name), ReportValue::month, 9};
    return cut;
  }
  return std::nullopt;
}

std::string moment_sql(std::string_view column) {
  return "to_char(" + std::string(column) +
         " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
}

void require_known_cut(ReportOptions const& options, std::vector<std::string> const& known) {
  if (std::find(known.begin(), known.end(), options.by) != known.end()) return;
  std::string ways;
  for (auto const& word : known) {
    if (!word.empty()) ways += (ways.empty() ? "" : ", ") + word;
  }
  throw Failure(ErrorCode::usage,
                "report " + options.report + " is not made by \"" + options.by + "\"",
                "Choose one of: " + ways + ".");
}

std::string spans_note_sql(std::string_view steps, std::string_view period, std::string_view what) {
  std::string const unit(period);
  auto const begin = [&](char const* time) {
    return "date_trunc('" + unit + "', " + time + " AT TIME ZONE 'UTC')";
  };
  // One note for each period: the growth that counts for it, and the earliest reading before it.
  // OFFSET 0 keeps Citus from grouping by an expression of a time.
  return "SELECT " + time_cut(unit, "period::date")->key +
         " || ': ' || trim_scale(sum(amount)) "
         "|| ' ' || coalesce(currency, '(no currency)') || ' of " +
         std::string(what) +
         " grew at some time since ' || to_char(min(since) AT TIME ZONE 'UTC', 'YYYY-MM-DD') || "
         "', between two readings; it counts on the day of the later one.' FROM (SELECT *, " +
         begin("until") + " AS period FROM " + std::string(steps) + " WHERE " + begin("since") +
         " < " + begin("until") +
         // By day, two readings around one midnight are normal: note only longer distances.
         (unit == "day" ? " AND until - since >= interval '2 days'" : "") +
         " AND amount <> 0 AND " + in_days("day") +
         " OFFSET 0) grown GROUP BY period, currency ORDER BY period, currency";
}

std::string usd_sum_sql(std::string_view usd, std::string_view amount, std::string_view total,
                        std::string_view known) {
  return "CASE WHEN bool_and(" + std::string(usd) + " IS NOT NULL OR " + std::string(amount) +
         " IS NULL) OR " + std::string(total) + " THEN sum(" +
         std::string(known.empty() ? usd : known) + ") END";
}

std::string bar_sql(std::string_view value, std::string_view partition) {
  std::string const positive = "greatest(" + std::string(value) + ", 0)";
  return "CASE WHEN is_total THEN NULL ELSE round(96 * " + positive + " / nullif(max(" + positive +
         ") FILTER (WHERE NOT is_total) OVER (" + std::string(partition) + "), 0))::int END";
}

}  // namespace affsync::reports
