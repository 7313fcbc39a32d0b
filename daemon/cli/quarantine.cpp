// `affsync quarantine`, `quarantine show` and `quarantine accept`: lists quarantined rows with
// their reasons, and accepts rows as known.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/known_names.hpp"
#include "daemon/cli/open_database.hpp"
#include "daemon/cli/report_text.hpp"
#include "daemon/cli/system_user.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/shown_csv.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/output.hpp"

namespace affsync::cli {
namespace {

using Table = schema::Store::Table;

// Reasons that differ only in the quoted value form one group. $1 and $2: source and stream, null
// for all; $3: whether to include accepted rows.
constexpr auto groups_sql = R"sql(
WITH open AS (
  SELECT s.name AS source, q.stream, q.reason, q.quarantine_id, q.external_id, q.raw,
         coalesce(q.first_received_at, q.received_at) AS first_at, q.received_at AS last_at,
         q.accepted_at IS NOT NULL AS accepted,
         regexp_replace(q.reason, '".*" in the field ', 'a value in the field ') AS kind
  FROM affsync.quarantine q JOIN affsync.source s ON s.source_id = q.source_id
  WHERE q.resolved_at IS NULL AND ($1::text IS NULL OR s.name = $1)
    AND ($2::text IS NULL OR q.stream = $2) AND ($3::boolean OR q.accepted_at IS NULL)
)
SELECT source, stream,
       CASE WHEN min(reason) = max(reason) THEN min(reason) ELSE min(kind) END AS reason,
       count(*) AS rows,
       to_char(min(first_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(max(last_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       CASE WHEN accepted THEN 'yes' ELSE 'no' END,
       (array_agg(quarantine_id ORDER BY last_at DESC, quarantine_id DESC))[1],
       (array_agg(external_id ORDER BY last_at DESC, quarantine_id DESC))[1],
       (array_agg(reason ORDER BY last_at DESC, quarantine_id DESC))[1],
       (array_agg(raw::text ORDER BY last_at DESC, quarantine_id DESC))[1]
FROM open GROUP BY source, stream, kind, accepted
ORDER BY source, stream, accepted, count(*) DESC, kind)sql";

constexpr auto line_sql = R"sql(
SELECT q.quarantine_id, s.name, q.stream, q.external_id, q.reason,
       to_char(coalesce(q.first_received_at, q.received_at) AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(q.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       q.run_id, to_char(q.resolved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(q.accepted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       q.accepted_by, q.accepted_because, q.raw::text
FROM affsync.quarantine q JOIN affsync.source s ON s.source_id = q.source_id
WHERE q.quarantine_id = $1::bigint)sql";

enum LineColumn {
  id,
  source,
  stream,
  key,
  reason,
  first,
  last,
  run,
  resolved,
  accepted,
  by,
  because,
  raw
};

std::optional<std::string> or_null(std::string const& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Json json_or_null(std::optional<std::string> const& text) {
  return text ? Json::string(*text) : Json();
}

// Parses the text of a jsonb value, which PostgreSQL guarantees to be valid JSON.
Json document(std::optional<std::string> const& text) {
  auto parsed = parse_json(text.value_or("null"));
  return parsed ? std::move(*parsed) : Json::string(*text);
}

std::string groups_json(Table const& groups) {
  Json::Array items;
  for (auto const& row : groups.rows) {
    Json const example = Json::object({{"quarantine_id", Json::number(row[7].value_or("0"))},
                                       {"external_id", json_or_null(row[8])},
                                       {"reason", json_or_null(row[9])},
                                       {"raw", document(row[10])}});
    items.push_back(Json::object({{"source", json_or_null(row[0])},
                                  {"stream", json_or_null(row[1])},
                                  {"reason", json_or_null(row[2])},
                                  {"rows", Json::number(row[3].value_or("0"))},
                                  {"first_received_at", json_or_null(row[4])},
                                  {"last_received_at", json_or_null(row[5])},
                                  {"accepted", Json::boolean(row[6] == "yes")},
                                  {"example", example}}));
  }
  return Json::object({{"groups", Json::array(std::move(items))}}).dump();
}

reports::ReportPlan groups_plan() {
  reports::ReportPlan plan;
  plan.report = "quarantine";
  plan.columns = {{"source", "source", reports::ReportValue::text, 5, 8},
                  {"stream", "stream", reports::ReportValue::text, 7, 8},
                  {"reason", "reason", reports::ReportValue::text, 8, 60},
                  {"rows", "rows", reports::ReportValue::count, 9},
                  {"first_received_at", "first (UTC)", reports::ReportValue::moment, 2, 0, true},
                  {"last_received_at", "last (UTC)", reports::ReportValue::moment, 3, 0, true},
                  {"accepted", "accepted", reports::ReportValue::text, 6, 0, true, true},
                  {"example_id", "example", reports::ReportValue::text, 8},
                  {"example_external_id", "its key", reports::ReportValue::text, 1, 8, true}};
  return plan;
}

// Cuts the rows to the columns of the plan and adds the last column of a report: no row is a sum.
Table shown_part(Table groups, std::size_t columns) {
  for (auto& row : groups.rows) {
    row.resize(columns);
    row.emplace_back("f");
  }
  return groups;
}

std::int64_t accepted_rows(App& app, QuarantineOptions const& options) {
  auto const answer = app.run(app.store().query(
      "SELECT count(*) FROM affsync.quarantine q JOIN affsync.source s USING (source_id)"
      " WHERE q.resolved_at IS NULL AND q.accepted_at IS NOT NULL"
      " AND ($1::text IS NULL OR s.name = $1) AND ($2::text IS NULL OR q.stream = $2)",
      {or_null(options.source), or_null(options.stream)}));
  return std::atoll(answer.rows.at(0).at(0).value_or("0").c_str());
}

std::string groups_table(App& app, QuarantineOptions const& options, Table const& groups,
                         Terminal const& terminal) {
  std::string out;
  if (groups.rows.empty()) {
    out = options.all ? "Nothing is in quarantine.\n" : "Nothing in quarantine is open.\n";
  } else {
    auto const plan = groups_plan();
    auto shown = shown_part(groups, plan.columns.size());
    for (auto& row : shown.rows) {
      if (row[6] == "no") row[6] = "";
    }
    out = report_table(plan, shown, terminal);
  }
  if (auto const known = options.all ? 0 : accepted_rows(app, options); known > 0) {
    out += group_thousands(known) + (known == 1 ? " accepted row is" : " accepted rows are") +
           " left out; --all shows them too.\n";
  }
  if (groups.rows.empty()) return out;
  auto const example = groups.rows.front().at(7).value_or("ID");
  return out + wrap_text("`affsync quarantine show " + example +
                             "` shows a complete row. When the connector is fixed, `affsync "
                             "quarantine retry` stores the rows that map. `affsync quarantine "
                             "accept` leaves out rows that are known.",
                         "", terminal.columns);
}

std::string line_json(std::vector<std::optional<std::string>> const& line) {
  return Json::object({{"quarantine_id", Json::number(line[id].value_or("0"))},
                       {"source", json_or_null(line[source])},
                       {"stream", json_or_null(line[stream])},
                       {"external_id", json_or_null(line[key])},
                       {"reason", json_or_null(line[reason])},
                       {"first_received_at", json_or_null(line[first])},
                       {"last_received_at", json_or_null(line[last])},
                       {"run_id", Json::number(line[run].value_or("0"))},
                       {"resolved_at", json_or_null(line[resolved])},
                       {"accepted_at", json_or_null(line[accepted])},
                       {"accepted_by", json_or_null(line[by])},
                       {"accepted_because", json_or_null(line[because])},
                       {"raw", document(line[raw])}})
      .dump();
}

reports::ReportPlan line_plan() {
  reports::ReportPlan plan;
  for (auto const* name : {"quarantine_id", "source", "stream", "external_id", "reason",
                           "first_received_at", "last_received_at", "run_id", "resolved_at",
                           "accepted_at", "accepted_by", "accepted_because", "raw"}) {
    plan.columns.push_back({name, name, reports::ReportValue::text});
  }
  return plan;
}

std::string indented(Json const& value, std::string const& indent) {
  if (value.is_object() && !value.members().empty()) {
    std::string out = "{";
    for (auto const& member : value.members()) {
      out += out.size() > 1 ? ",\n" : "\n";
      out += indent + "  ";
      append_json_string(out, member.name);
      out += ": " + indented(member.value, indent + "  ");
    }
    return out + "\n" + indent + "}";
  }
  if (value.is_array() && !value.items().empty()) {
    std::string out = "[";
    for (auto const& item : value.items()) {
      out += out.size() > 1 ? ",\n" : "\n";
      out += indent + "  " + indented(item, indent + "  ");
    }
    return out + "\n" + indent + "]";
  }
  return value.dump();
}

std::string line_text(std::vector<std::optional<std::string>> const& line,
                      Terminal const& terminal) {
  std::string out =
      styled(*line[source] + "/" + *line[stream] + ", row " + *line[id], Style::bold, terminal) +
      "\n";
  auto say = [&](char const* name, std::optional<std::string> const& text) {
    if (!text) return;
    std::string lines = wrap_text(*text, std::string(16, ' '), terminal.columns);
    std::string const head = std::string("  ") + name;
    out += head + lines.substr(head.size());
  };
  say("reason", line[reason]);
  say("key", line[key] ? line[key] : std::optional<std::string>("(the key itself is missing)"));
  say("first read", line[first]);
  say("last read", *line[last] + " (run " + *line[run] + ")");
  say("resolved", line[resolved]);
  if (line[accepted]) {
    say("accepted", *line[accepted] + " by " + line[by].value_or("an unknown user"));
    say("because", line[because]);
  }
  auto const row = document(line[raw]);
  if (row.is_string()) {
    return out + "\nThe row as text, because it is not valid JSON:\n" + shown_csv(row.as_string()) +
           "\n";
  }
  return out + "\n" + indented(row, "") + "\n";
}

Table find_line(App& app, std::int64_t number) {
  auto line = app.run(app.store().query(line_sql, {std::to_string(number)}));
  if (!line.rows.empty()) return line;
  throw Failure(ErrorCode::usage, "there is no row " + std::to_string(number) + " in quarantine",
                "`affsync quarantine` shows an example of each reason; the table "
                "affsync.quarantine has all rows.");
}

void require_known_stream(App& app, QuarantineOptions const& options) {
  auto const known =
      app.run(app.store().query("SELECT FROM affsync.stream JOIN affsync.source s USING (source_id)"
                                " WHERE s.name = $1 AND stream = $2",
                                {options.source, options.stream}));
  if (!known.rows.empty()) return;
  throw Failure(
      ErrorCode::usage,
      "the database knows no stream `" + options.stream + "` of a source `" + options.source + "`",
      "`affsync quarantine` lists the sources and streams with quarantined rows.");
}

}  // namespace

int run_quarantine_list(CommonOptions const& common, QuarantineOptions const& options) {
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  open_database(app, true);
  require_known_source(app, options.source);
  require_known_stream_name(app, options.stream);
  auto const groups =
      app.run(app.store().query(groups_sql, {or_null(options.source), or_null(options.stream),
                                             options.all ? "true" : "false"}));
  switch (options.output) {
    case Output::json:
      std::cout << groups_json(groups) << "\n";
      break;
    case Output::csv: {
      auto const plan = groups_plan();
      std::cout << shown_csv(reports::report_csv(plan, shown_part(groups, plan.columns.size())));
      break;
    }
    case Output::table:
      std::cout << groups_table(app, options, groups, log::look_at_terminal(STDOUT_FILENO));
      break;
  }
  return 0;
}

int run_quarantine_show(CommonOptions const& common, QuarantineOptions const& options) {
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  open_database(app, true);
  auto const table = find_line(app, options.ids.at(0));
  auto const& line = table.rows.at(0);
  switch (options.output) {
    case Output::json:
      std::cout << line_json(line) << "\n";
      break;
    case Output::csv:
      std::cout << shown_csv(reports::report_csv(line_plan(), shown_part(table, line.size())));
      break;
    case Output::table:
      std::cout << line_text(line, log::look_at_terminal(STDOUT_FILENO));
      break;
  }
  return 0;
}

int run_quarantine_accept(CommonOptions const& common, QuarantineOptions const& options) {
  bool const by_stream = !options.source.empty() || !options.stream.empty();
  if (by_stream == !options.ids.empty()) {
    throw Failure(ErrorCode::usage, "it is not clear which rows to accept",
                  "Give either their numbers or --source and --stream.");
  }
  if (by_stream && (options.source.empty() || options.stream.empty())) {
    throw Failure(ErrorCode::usage, "--source and --stream must be given together",
                  "They accept all open rows of that stream; give numbers to accept single rows.");
  }
  if (by_stream && options.because.empty()) {
    throw Failure(
        ErrorCode::usage, "accepting all rows of a stream needs a reason",
        "Give with --reason TEXT why these rows may be left out; it is stored with them.");
  }
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  open_database(app);
  refuse_newer_database(app);
  // Check all numbers first, so that a mistyped one is reported and nothing is accepted.
  for (auto const number : options.ids) find_line(app, number);
  if (by_stream) require_known_stream(app, options);
  schema::Acceptance acceptance;
  acceptance.ids = options.ids;
  acceptance.source = options.source;
  acceptance.stream = options.stream;
  acceptance.system_user = system_user();
  acceptance.because = options.because;
  acceptance.now = SystemClock().now();
  auto const accepted = app.run(app.store().accept_quarantined(std::move(acceptance)));
  if (options.output != Output::table) {
    Json::Array ids;
    std::string csv = "quarantine_id\r\n";
    for (auto const number : accepted) {
      ids.push_back(reports::json_count(number));
      csv += std::to_string(number) + "\r\n";
    }
    std::cout << (options.output == Output::csv
                      ? csv
                      : Json::object({{"accepted", Json::array(std::move(ids))}}).dump() + "\n");
    return 0;
  }
  auto const count = static_cast<std::int64_t>(accepted.size());
  std::cout << group_thousands(count) << (count == 1 ? " row is" : " rows are")
            << " known and left out from now on";
  auto const others = static_cast<std::int64_t>(options.ids.size()) - count;
  if (!by_stream && others > 0) {
    std::cout << "; " << others << (others == 1 ? " was" : " were")
              << " accepted or resolved before";
  }
  std::cout << ".\n";
  return 0;
}

}  // namespace affsync::cli
