#include "daemon/serve/home_page.hpp"

#include <algorithm>
#include <map>

#include "daemon/serve/relative_time.hpp"
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

// 1234567 -> "1 234 567", with blanks that do not break.
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
         relative_text(*time, now) + "</time>";
}

char const* color_of(std::string const& status) {
  if (status == "succeeded") return "good";
  if (status == "failed") return "bad";
  if (status == "partial") return "warn";
  return "dim";
}

std::string stream_row(schema::StreamHealth const& health, bool late, TimePoint now) {
  auto const status = health.last_status.empty() ? std::string("waiting") : health.last_status;
  std::string shown = "<span class=\"" + std::string(color_of(health.last_status)) + "\">" +
                      escape_html(status) + "</span>";
  if (late) shown += " <span class=\"bad\">late</span>";
  if (!health.last_error.empty()) {
    shown += "<div class=\"error dim\">" + escape_html(health.last_error) + "</div>";
  }
  return "<tr>" + cell(escape_html(health.stream)) + cell(shown) +
         cell(moment(health.last_success_at, now)) +
         cell(health.next_run_at ? moment(health.next_run_at, now) : "") +
         cell(grouped(health.rows), "number") +
         cell(grouped(health.quarantined), health.quarantined > 0 ? "number warn" : "number") +
         cell(grouped(health.unreconciled), health.unreconciled > 0 ? "number warn" : "number") +
         "</tr>\n";
}

bool is_late(HomePage const& page, schema::StreamHealth const& health) {
  return std::any_of(page.status.not_ready.begin(), page.status.not_ready.end(),
                     [&](NotReady const& entry) {
                       return entry.source == health.source && entry.stream == health.stream;
                     });
}

std::string source_tables(HomePage const& page) {
  std::map<std::string, std::vector<schema::StreamHealth const*>> sources;
  for (auto const& health : page.status.streams) sources[health.source].push_back(&health);
  std::string html;
  for (auto const& [name, streams] : sources) {
    html += "<h2>" + escape_html(name) + " <span class=\"dim\">" +
            escape_html(streams.front()->connector) + "</span></h2>\n<div class=\"wide\"><table>" +
            "<tr><th>stream</th><th>last run</th><th>last success</th><th>next run</th>" +
            "<th class=\"number\">rows</th><th class=\"number\">quarantined</th>" +
            "<th class=\"number\">unreconciled</th></tr>\n";
    for (auto const* health : streams) {
      html += stream_row(*health, is_late(page, *health), page.status.now);
    }
    html += "</table></div>\n";
  }
  if (html.empty() && !page.problem) {
    html =
        "<p class=\"dim\">No stream has been read yet. Sources are named in the configuration; "
        "<code>affsync check</code> tries them out.</p>\n";
  }
  return html;
}

std::string summary_line(HomePage const& page) {
  if (page.problem) {
    return "<p class=\"bad\">The database does not answer: " + escape_html(*page.problem) +
           "</p>\n";
  }
  auto const late = page.status.not_ready.size();
  if (late > 0) {
    return "<p class=\"bad\">" + std::to_string(late) +
           (late == 1 ? " stream is" : " streams are") + " late.</p>\n";
  }
  return "<p class=\"good\">The database answers, and no stream is late.</p>\n";
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
         span_text(status.now - status.started_at) + "; this page renews itself. Times are UTC, " +
         format_time(std::chrono::floor<std::chrono::seconds>(status.now)) + ".</p>\n" +
         summary_line(page) + source_tables(page) +
         "<h2>More</h2>\n<nav><a href=\"/api/status\">status (JSON)</a>"
         "<a href=\"/api/earnings\">earnings by month (JSON)</a>"
         "<a href=\"/readyz\">readiness</a><a href=\"/metrics\">metrics</a></nav>\n"
         "<p>With psql: <code>psql &quot;" +
         escape_html(page.database_url) +
         "&quot;</code>; the views are in the schema <code>reporting</code>.</p>\n</body></html>\n";
}

}  // namespace affsync::serve
