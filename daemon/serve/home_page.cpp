#include "daemon/serve/home_page.hpp"

#include <algorithm>
#include <map>

#include "daemon/reports/spans.hpp"
#include "version_info.hpp"

namespace affsync::serve {

namespace {

constexpr char const* style = R"(
:root{color-scheme:light dark;--line:#8884;--dim:#777;--good:#1a7f37;--bad:#cf222e;--warn:#9a6700}
@media(prefers-color-scheme:dark){:root{--dim:#999;--good:#3fb950;--bad:#f85149;--warn:#d29922}}
body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}
p{margin:.3rem 0}.dim{color:var(--dim)}.good{color:var(--good)}.bad{color:var(--bad)}
.warn{color:var(--warn)}nav a{margin-right:1rem}code{font-size:.92em}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid var(--line);
vertical-align:top}th{font-weight:600}.number{text-align:right}.error{font-size:.9em}
td:first-child,th:first-child{white-space:nowrap}
)";

std::string cell(std::string const& text, char const* kind = nullptr) {
  return kind == nullptr ? "<td>" + text + "</td>"
                         : std::string("<td class=\"") + kind + "\">" + text + "</td>";
}

// 1234567 -> "1 234 567", with narrow no-break spaces.
std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3; place > (number < 0 ? 1 : 0);
       place -= 3) {
    text.insert(static_cast<std::size_t>(place), "\u202f");
  }
  return text;
}

std::string moment(std::optional<TimePoint> time, TimePoint now) {
  if (!time) return "<span class=\"dim\">never</span>";
  return "<time datetime=\"" + format_time(*time) + "\" title=\"" + format_time(*time) + "\">" +
         reports::relative_text(*time, now) + "</time>";
}

char const* color_of(std::string const& status) {
  if (status == "succeeded") return "good";
  if (status == "failed") return "bad";
  if (status == "partial" || status == "skipped") return "warn";
  return "dim";
}

bool is_run_here(HomePage const& page, schema::StreamHealth const& health) {
  return !page.interval || page.interval(health.source, health.stream).has_value();
}

bool is_late(HomePage const& page, schema::StreamHealth const& health) {
  return std::any_of(page.status.not_ready.begin(), page.status.not_ready.end(),
                     [&](NotReady const& entry) {
                       return entry.source == health.source && entry.stream == health.stream;
                     });
}

std::vector<std::string> complaints_of(HomePage const& page, schema::StreamHealth const& health) {
  if (!is_run_here(page, health)) return {};
  return complaints(health, is_late(page, health), page.status.now);
}

std::string joined(std::vector<std::string> const& parts, char const* between) {
  std::string text;
  for (auto const& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

// "reading: 12 000 rows, up to 2026-03-01, waiting 5 min as the broker asks".
std::string progress_text(RunReport const& run, TimePoint now) {
  std::string text = "reading: " + grouped(run.rows_read) + " rows";
  if (run.reached) {
    text += ", up to " + format_day(*run.reached);
    if (run.window_to) text += " of " + format_day(*run.window_to);
  }
  if (run.waiting_until && *run.waiting_until > now) {
    text += ", waiting " + reports::span_text(*run.waiting_until - now) + " as the broker asks";
  }
  return text;
}

// Lists the latest spans of days that are not proven.
std::string days_text(schema::StreamHealth const& health) {
  constexpr std::size_t most = 4;
  std::vector<std::string> spans;
  for (auto gap = health.gaps.rbegin(); gap != health.gaps.rend(); ++gap) {
    if (spans.size() == most) {
      spans.push_back("and " + std::to_string(health.gaps.size() - most) + " more spans");
      break;
    }
    auto const from = format_day(gap->from), to = format_day(gap->to);
    bool const lost = gap->state == schema::DayState::lost;
    spans.push_back((lost ? "lost: " : "in doubt: ") + from + (from == to ? "" : " to " + to));
  }
  return joined(spans, "; ");
}

std::string note(std::string const& text, char const* kind) {
  if (text.empty()) return {};
  return std::string("<div class=\"error ") + kind + "\">" + escape_html(text) + "</div>";
}

std::string next_run_cell(HomePage const& page, schema::StreamHealth const& health) {
  auto const now = page.status.now;
  if (!is_run_here(page, health)) return cell("<span class=\"dim\">off here</span>");
  auto next = health.next_run_at;
  // Runs of a blocked source send nothing, so its next run is after the block.
  if (health.is_blocked(now)) next = health.blocked_until;
  return cell(next ? moment(next, now) : "");
}

std::string stream_row(HomePage const& page, schema::StreamHealth const& health) {
  auto const now = page.status.now;
  auto const status = health.last_status.empty() ? std::string("waiting") : health.last_status;
  std::string shown = "<span class=\"" + std::string(color_of(health.last_status)) + "\">" +
                      escape_html(status) + "</span>";
  auto against = complaints_of(page, health);
  std::erase(against, status);
  if (!against.empty()) {
    shown += " <span class=\"bad\">" + escape_html(joined(against, ", ")) + "</span>";
  }
  auto const* const run = page.running ? page.running(health.source, health.stream) : nullptr;
  if (run != nullptr) shown += note(progress_text(*run, now), "dim");
  shown += note(health.last_error, "dim") + note(days_text(health), "dim");
  auto const trouble = [](std::int64_t count) { return count > 0 ? "number warn" : "number"; };
  return "<tr>" + cell(escape_html(health.stream)) + cell(shown) +
         cell(moment(health.last_success_at, now)) + next_run_cell(page, health) +
         cell(grouped(health.rows), "number") +
         cell(grouped(health.quarantined), trouble(health.quarantined)) +
         cell(grouped(health.unreconciled), trouble(health.unreconciled)) + "</tr>\n";
}

std::string block_line(schema::StreamHealth const& health, TimePoint now) {
  if (!health.is_blocked(now)) return {};
  return "<p class=\"bad\">Blocked (" + escape_html(health.blocked_code) +
         "): " + escape_html(health.blocked_reason) + " Nothing is sent until " +
         format_time(std::chrono::floor<std::chrono::seconds>(*health.blocked_until)) + ", " +
         reports::relative_text(*health.blocked_until, now) +
         "; a reload or other credentials end it at once.</p>\n";
}

std::string source_tables(HomePage const& page) {
  std::map<std::string, std::vector<schema::StreamHealth const*>> sources;
  for (auto const& health : page.status.streams) sources[health.source].push_back(&health);
  std::string html;
  for (auto const& [name, streams] : sources) {
    html += "<h2>" + escape_html(name) + " <span class=\"dim\">" +
            escape_html(streams.front()->connector) + "</span></h2>\n" +
            block_line(*streams.front(), page.status.now) + "<div class=\"wide\"><table>" +
            "<tr><th>stream</th><th>last run</th><th>last success</th><th>next run</th>" +
            "<th class=\"number\">rows</th><th class=\"number\">quarantined</th>" +
            "<th class=\"number\">unreconciled</th></tr>\n";
    for (auto const* health : streams) html += stream_row(page, *health);
    html += "</table></div>\n";
  }
  if (html.empty() && !page.problem) {
    html =
        "<p class=\"dim\">No stream has been read yet. Sources are named in the configuration; "
        "<code>affsync check</code> tries them out.</p>\n";
  }
  return html;
}

std::string line(char const* kind, std::string const& text) {
  return std::string("<p class=\"") + kind + "\">" + escape_html(text) + "</p>\n";
}

std::string summary_lines(HomePage const& page) {
  std::string html;
  if (page.problem) {
    html += line("bad", "The database does not answer: " + page.problem->message +
                            (page.problem->hint.empty() ? "" : " " + page.problem->hint));
    html += line("dim", page.known_at
                            ? "Below is what was known " +
                                  reports::relative_text(*page.known_at, page.status.now) + "."
                            : "The streams are unknown until it does.");
  }
  for (auto const& text : page.notes) html += line("bad", text);
  std::size_t bad = 0, unread = 0;
  for (auto const& health : page.status.streams) {
    if (!complaints_of(page, health).empty()) {
      ++bad;
    } else if (is_run_here(page, health) && health.ended_status.empty()) {
      ++unread;
    }
  }
  if (bad > 0) {
    html += line("bad", std::to_string(bad) + " of " + std::to_string(page.status.streams.size()) +
                            (page.status.streams.size() == 1 ? " stream" : " streams") +
                            (bad == 1 ? " needs attention." : " need attention."));
  }
  if (unread > 0) {
    html += line("dim", std::to_string(unread) + (unread == 1 ? " stream has" : " streams have") +
                            " not been read to the end of a run yet.");
  }
  if (html.empty()) {
    html = line("good", page.status.streams.empty()
                            ? "The database answers."
                            : "The database answers, and all streams are fine.");
  }
  return html;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (char const letter : text) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string content_security_policy(std::string const& nonce) {
  return "default-src 'none'; style-src 'nonce-" + nonce +
         "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

std::string home_page(HomePage const& page) {
  auto const& status = page.status;
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>affsync</title>\n"
         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
         "<meta http-equiv=\"refresh\" content=\"30\"><link rel=\"icon\" href=\"data:,\">\n"
         "<style nonce=\"" +
         page.nonce + "\">" + style +
         "</style></head>\n<body><h1>affsync</h1>\n"
         "<p class=\"dim\">version " AFFSYNC_VERSION ", running for " +
         reports::span_text(status.now - status.started_at) +
         "; this page reloads itself. Times are UTC, " +
         format_time(std::chrono::floor<std::chrono::seconds>(status.now)) + ".</p>\n" +
         summary_lines(page) + source_tables(page) +
         "<h2>More</h2>\n<nav><a href=\"/api/status\">status (JSON)</a>"
         "<a href=\"/api/earnings\">earnings by month (JSON)</a>"
         "<a href=\"/readyz\">readiness</a><a href=\"/metrics\">metrics</a></nav>\n"
         "<p>With psql: <code>psql &quot;" +
         escape_html(page.database_url) +
         "&quot;</code>; the views are in the schema <code>reporting</code>.</p>\n</body></html>\n";
}

}  // namespace affsync::serve
