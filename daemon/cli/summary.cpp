#include "daemon/cli/summary.hpp"

#include <unistd.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "base/json.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/status_style.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/reports/json_text.hpp"

namespace affsync::cli {

namespace {

// A dry run does not read the database, so it does not know what is new there.
Json if_known(RunReport const& report, std::int64_t count) {
  return report.dry_run ? Json() : reports::json_count(count);
}

Cell if_known(bool known, std::int64_t count, Style style = Style::plain) {
  if (!known) return Cell("?", Style::dim);
  return Cell(group_thousands(count), count == 0 ? Style::dim : style);
}

Cell count_cell(std::int64_t count, Style style = Style::plain) {
  return Cell(group_thousands(count), count == 0 ? Style::dim : style);
}

// True for streams of one source that ended with the same error, such as a wrong password.
bool same_reason(RunReport const& a, RunReport const& b) {
  return a.error && b.error && a.source == b.source && a.status == b.status &&
         a.error->code == b.error->code && a.error->where == b.error->where &&
         a.error->message == b.error->message;
}

// `streams`: names of the streams that share the error of this report.
std::string explain_error(RunReport const& report, std::string const& streams,
                          Terminal const& terminal) {
  auto const& error = *report.error;
  auto const status = to_string(report.status);
  // If another instance reads the stream, nothing is wrong: keep it short.
  bool const elsewhere = report.status == RunStatus::skipped && error.code == ErrorCode::lease_lost;
  auto const head =
      report.source + "/" + streams + ": " + std::string(status) + " (" +
      (elsewhere ? "another affsync is reading it" : std::string(to_string(error.code))) + ")";
  if (elsewhere && error.hint.empty()) return styled(head, status_style(status), terminal) + "\n";
  std::string text =
      styled(head, status_style(status), terminal) + "\n" +
      wrap_text(error.where.empty() ? error.message : error.where + ": " + error.message, "  ",
                terminal.columns);
  if (!error.hint.empty()) {
    text += wrap_text((terminal.unicode ? "→ " : "-> ") + error.hint, "  ", terminal.columns);
  }
  return text;
}

// Only rows that nobody has accepted send the user to the quarantine, which lists no others.
std::string explain_quarantined(std::int64_t open, std::int64_t accepted,
                                Terminal const& terminal) {
  std::string text;
  if (open > 0) {
    text = group_thousands(open) +
           (open == 1 ? " row could not be read and is" : " rows could not be read and are") +
           " in quarantine. `affsync quarantine` lists the reasons.";
  }
  if (accepted > 0) {
    text += (text.empty() ? "" : " ") + group_thousands(accepted) +
            (accepted == 1 ? " row" : " rows") + " in quarantine accepted as known, left out.";
  }
  return text.empty() ? text : "\n" + wrap_text(text, "", terminal.columns);
}

}  // namespace

Json run_json(RunReport const& report) {
  Json error_code;
  Json error_text;
  if (report.error) {
    Error plain = *report.error;  // source and stream are separate members
    plain.source.clear();
    plain.stream.clear();
    error_code = Json::string(std::string(to_string(plain.code)));
    error_text = Json::string(plain.to_line());
  }
  return Json::object({
      {"source", Json::string(report.source)},
      {"stream", Json::string(report.stream)},
      {"table", Json::string(report.table)},
      {"status", Json::string(std::string(to_string(report.status)))},
      {"rows_read", reports::json_count(report.rows_read)},
      {"inserted", if_known(report, report.inserted)},
      {"updated", if_known(report, report.updated)},
      {"unchanged", if_known(report, report.unchanged)},
      {"deleted", if_known(report, report.deleted)},
      {"quarantined", reports::json_count(report.quarantined)},
      {"pages", reports::json_count(report.pages)},
      {"requests", reports::json_count(report.requests)},
      {"throttled", reports::json_count(report.throttled)},
      {"retries", reports::json_count(report.retries)},
      {"bytes_received", reports::json_count(report.bytes_received)},
      {"duration_ms", reports::json_count(report.duration().count())},
      {"error_code", std::move(error_code)},
      {"error", std::move(error_text)},
  });
}

std::string summary_table(std::vector<RunReport> const& reports, Terminal const& terminal,
                          std::int64_t accepted) {
  TextTable table({{"source", Align::left, 7, 8},
                   {"stream", Align::left, 8, 8},
                   {"status", Align::left, 9},
                   {"read", Align::right, 6},
                   {"inserted", Align::right, 6},
                   {"updated", Align::right, 6},
                   {"unchanged", Align::right, 2, 0, true},
                   {"deleted", Align::right, 4, 0, true},
                   {"quarantined", Align::right, 3, 0, true},
                   {"time", Align::right, 5, 0, true}});
  RunReport total;
  for (auto const& report : reports) {
    total.rows_read += report.rows_read;
    total.inserted += report.inserted;
    total.updated += report.updated;
    total.unchanged += report.unchanged;
    total.deleted += report.deleted;
    total.quarantined += report.quarantined;
    total.dry_run = total.dry_run || report.dry_run;
    auto const status = to_string(report.status);
    table.add_row(
        {report.source, report.stream, Cell(std::string(status), status_style(status)),
         count_cell(report.rows_read), if_known(!report.dry_run, report.inserted, Style::good),
         if_known(!report.dry_run, report.updated), if_known(!report.dry_run, report.unchanged),
         if_known(!report.dry_run, report.deleted, Style::warning),
         count_cell(report.quarantined, Style::warning), shown_duration(report.duration())});
  }
  if (reports.empty()) return "Nothing to do: no stream was chosen.\n";
  if (reports.size() > 1) {
    table.add_rule();
    bool const known = !total.dry_run;
    table.add_row({"all", "", "", count_cell(total.rows_read), if_known(known, total.inserted),
                   if_known(known, total.updated), if_known(known, total.unchanged),
                   if_known(known, total.deleted), count_cell(total.quarantined), ""});
  }

  std::string out = table.render(terminal);
  for (auto report = reports.begin(); report != reports.end(); ++report) {
    auto const same = [&](RunReport const& other) { return same_reason(other, *report); };
    if (!report->error || std::any_of(reports.begin(), report, same)) continue;
    std::string streams;
    for (auto other = report; other != reports.end(); ++other) {
      if (same(*other)) streams += (streams.empty() ? "" : ", ") + other->stream;
    }
    out += "\n" + explain_error(*report, streams, terminal);
  }
  if (total.dry_run) {
    std::string text =
        "A dry run stores nothing and does not read the database, so it does not know which rows "
        "are new or have changed.";
    if (total.quarantined > 0) {
      text += " " + group_thousands(total.quarantined) +
              (total.quarantined == 1 ? " row cannot be mapped" : " rows cannot be mapped") +
              "; `affsync inspect SOURCE STREAM` shows why.";
    }
    return out + "\n" + wrap_text(text, "", terminal.columns);
  }
  return out + explain_quarantined(total.quarantined - accepted, accepted, terminal);
}

void print_summary(std::ostream& out, std::vector<RunReport> const& reports) {
  out << summary_table(reports, log::look_at_terminal(STDOUT_FILENO)) << std::flush;
}

std::string summary_json(TimePoint started_at, TimePoint finished_at,
                         std::vector<RunReport> const& reports) {
  Json::Array streams;
  for (auto const& report : reports) streams.push_back(run_json(report));
  Json const object = Json::object({{"started_at", Json::string(format_time(started_at))},
                                    {"finished_at", Json::string(format_time(finished_at))},
                                    {"streams", Json::array(std::move(streams))}});
  return object.dump();
}

}  // namespace affsync::cli
