#include "daemon/serve/page_models.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/reports/json_text.hpp"
#include "daemon/serve/status_json.hpp"
#include "daemon/serve/template_forms.hpp"
#include "daemon/serve/web_files.hpp"
#include "version_info.hpp"

namespace affsync::serve {

namespace {

using reports::json_count;
using reports::json_text;
using reports::json_text_or_null;
using reports::json_time_or_null;

std::string text_in(schema::Store::Table const& table, std::size_t row, std::string_view column) {
  auto const found = std::find(table.columns.begin(), table.columns.end(), column);
  if (found == table.columns.end()) return {};
  return table.rows[row][static_cast<std::size_t>(found - table.columns.begin())].value_or("");
}

std::vector<QuarantineReason> reasons_of(Reading const& reading) {
  std::vector<QuarantineReason> reasons;
  for (std::size_t i = 0; reading.table && i < reading.table->rows.size(); ++i) {
    QuarantineReason reason;
    reason.source = text_in(*reading.table, i, "source");
    reason.stream = text_in(*reading.table, i, "stream");
    reason.reason = text_in(*reading.table, i, "reason");
    reason.rows = std::stoll("0" + text_in(*reading.table, i, "rows"));
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

// Those of one source, or all if it is empty; with a stream, those on it or on the whole source.
std::vector<OpenAlert> alerts_of(Reading const& reading, std::string const& source,
                                 std::string const& stream) {
  std::vector<OpenAlert> alerts;
  for (std::size_t i = 0; reading.table && i < reading.table->rows.size(); ++i) {
    auto const& table = *reading.table;
    OpenAlert alert;
    alert.rule = text_in(table, i, "rule");
    alert.source = text_in(table, i, "source");
    alert.stream = text_in(table, i, "stream");
    alert.severity = text_in(table, i, "severity");
    alert.title = text_in(table, i, "title");
    alert.text = text_in(table, i, "text");
    alert.remedy = text_in(table, i, "remedy");
    alert.opened_at = time_of(text_in(table, i, "opened_at"));
    if (!source.empty() && source != alert.source) continue;
    if (!stream.empty() && !alert.stream.empty() && stream != alert.stream) continue;
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

Json running_list(PageState const& state) {
  Json::Array items;
  for (auto const& stream : state.streams) {
    if (stream.running) items.push_back(running_json(*stream.running, state.now));
  }
  return Json::array(std::move(items));
}

// good, warn, bad; none while streams have not been read yet.
Json summary_json(PageState const& state) {
  std::int64_t against = 0, unread = 0;
  bool bad = state.problem || !state.notes.empty();
  for (auto const& stream : state.streams) {
    auto const of_it = std::string_view(state_of(stream, state.now));
    bad = bad || of_it == "bad";
    against += of_it == "bad" || of_it == "warn" ? 1 : 0;
    unread += of_it == "none" && stream.is_run_here() ? 1 : 0;
  }
  char const* const word = bad ? "bad" : against > 0 ? "warn" : unread > 0 ? "none" : "good";
  return Json::object({{"state", Json::string(word)},
                       {"streams", json_count(static_cast<std::int64_t>(state.streams.size()))},
                       {"need_attention", json_count(against)},
                       {"unread", json_count(unread)}});
}

char const* worse(char const* one, char const* other) {
  auto const rank = [](std::string_view word) {
    return word == "bad" ? 3 : word == "warn" ? 2 : word == "good" ? 1 : 0;
  };
  return rank(one) >= rank(other) ? one : other;
}

// One line for each source.
Json sources_json(PageState const& state) {
  struct Line {
    std::string connector;
    char const* state = "none";
    std::int64_t streams = 0, rows = 0, quarantined = 0, unreconciled = 0, against = 0;
    bool running = false;
    std::optional<TimePoint> last_success_at, asked_next_at;
  };
  std::map<std::string, Line> lines;
  for (auto const& view : state.streams) {
    auto const& health = view.health;
    auto& line = lines[health.source];
    auto const* of_stream = state_of(view, state.now);
    line.connector = health.connector;
    line.state = worse(line.state, of_stream);
    line.streams += 1;
    line.rows += health.rows;
    line.quarantined += health.quarantined;
    line.unreconciled += health.unreconciled;
    line.running = line.running || view.running;
    auto const word = std::string_view(of_stream);
    line.against += word == "bad" || word == "warn" ? 1 : 0;
    line.last_success_at = std::max(line.last_success_at, health.last_success_at);
    auto const next = health.is_blocked(state.now) ? health.blocked_until : health.next_run_at;
    if (!view.is_run_here() || !next) continue;
    if (!line.asked_next_at || *next < *line.asked_next_at) line.asked_next_at = next;
  }
  Json::Array items;
  for (auto const& [name, line] : lines) {
    auto const word = std::string_view(line.state);
    std::string text = word == "good" ? "all well" : word == "none" ? "not read yet" : "";
    if (line.against > 0) {
      text = std::to_string(line.against) +
             (line.against == 1 ? " stream needs" : " streams need") + " attention";
    }
    items.push_back(Json::object({{"source", json_text(name)},
                                  {"connector", json_text(line.connector)},
                                  {"state", Json::string(line.state)},
                                  {"state_text", Json::string(std::move(text))},
                                  {"running", Json::boolean(line.running)},
                                  {"streams", json_count(line.streams)},
                                  {"rows", json_count(line.rows)},
                                  {"quarantined", json_count(line.quarantined)},
                                  {"unreconciled", json_count(line.unreconciled)},
                                  {"last_success_at", json_time_or_null(line.last_success_at)},
                                  {"asked_next_at", json_time_or_null(line.asked_next_at)}}));
  }
  return Json::array(std::move(items));
}

// The members that each document begins with.
Json::Object document(PageState const& state) {
  Json::Array notes;
  for (auto const& note : state.notes) notes.push_back(json_text(note));
  Json problem;
  if (state.problem) {
    problem = Json::object({{"code", json_text(to_string(state.problem->code))},
                            {"message", json_text(state.problem->message)},
                            {"hint", json_text_or_null(state.problem->hint)}});
  }
  Json::Object members;
  members.push_back({"version", Json::string(AFFSYNC_VERSION)});
  members.push_back(
      {"now", Json::string(format_time(std::chrono::floor<std::chrono::seconds>(state.now)))});
  members.push_back({"known_at", json_time_or_null(state.known_at)});
  members.push_back({"problem", std::move(problem)});
  members.push_back({"replica_is_away", Json::boolean(state.replica_is_away)});
  members.push_back({"notes", Json::array(std::move(notes))});
  members.push_back({"summary", summary_json(state)});
  return members;
}

// Appends the concerns, and how many there are beyond those that a page can show.
void append_attention(Json::Object& members, PageState const& state, Reading const& quarantine,
                      Reading const& alerts, std::string const& source = {},
                      std::string const& stream = {}) {
  constexpr std::size_t most = 100;
  auto const all = concerns(state, reasons_of(quarantine), alerts_of(alerts, source, stream));
  Json::Array items;
  for (auto const& concern : all) {
    if (items.size() < most) items.push_back(concern_json(concern));
  }
  auto const left_out = static_cast<std::int64_t>(all.size() - items.size());
  members.push_back({"attention", Json::array(std::move(items))});
  members.push_back({"attention_left_out", json_count(left_out)});
}

Json streams_json(PageState const& state) {
  Json::Array items;
  for (auto const& stream : state.streams) items.push_back(stream_json(stream, state.now));
  return Json::array(std::move(items));
}

std::string connector_of(PageState const& state) {
  return state.streams.empty() ? std::string() : state.streams.front().health.connector;
}

// Returns the page of the template, filled with the document and the frame.
std::string fill(char const* name, std::string const& title, Json const& document,
                 PageFrame const& frame, Json::Object more = {}) {
  Json::Object members = document.members();
  auto const running =
      std::chrono::duration_cast<std::chrono::seconds>(frame.now - frame.started_at);
  auto const here = std::string_view(name);
  members.push_back({"title", json_text(title)});
  members.push_back({"assets", asset_addresses()});
  members.push_back(
      {"here", Json::object({{"overview", Json::boolean(here == "overview.html")},
                             {"connectors", Json::boolean(here == "connectors.html")}})});
  members.push_back({"stranger", Json::boolean(frame.stranger)});
  members.push_back({"signed_in", Json::boolean(frame.signed_in)});
  members.push_back({"database_url", json_text_or_null(frame.database_url)});
  members.push_back({"running_seconds", json_count(std::max<std::int64_t>(0, running.count()))});
  for (auto& member : more) members.push_back(std::move(member));
  return page_templates().fill(name, Json::object(std::move(members)), frame.now);
}

// The document of a page without figures.
Json bare_document(PageFrame const& frame) {
  PageState state;
  state.now = frame.now;
  return Json::object(document(state));
}

Json used_by(PageState const& state, std::string const& connector) {
  std::vector<std::string> names;
  for (auto const& stream : state.streams) {
    auto const& name = stream.health.source;
    bool const known = std::find(names.begin(), names.end(), name) != names.end();
    if (stream.health.connector == connector && !known) names.push_back(name);
  }
  Json::Array items;
  for (auto const& name : names) items.push_back(json_text(name));
  return Json::array(std::move(items));
}

// The connectors with `used_by`, or only the one of that name.
Json::Array with_users(Json const& connectors, PageState const& state, std::string const& name) {
  Json::Array items;
  for (auto const& connector : connectors.find("connectors")->items()) {
    auto const of_it = std::string(connector.find("name")->scalar_text().value_or(""));
    if (!name.empty() && of_it != name) continue;
    Json::Object members = connector.members();
    members.push_back({"used_by", used_by(state, of_it)});
    items.push_back(Json::object(std::move(members)));
  }
  return items;
}

// The address of the runs before those that are shown; null if there are none.
Json older_runs(StreamParts const& parts) {
  auto const& table = parts.runs.table;
  if (!table || table->rows.size() < static_cast<std::size_t>(parts.runs_limit)) return {};
  auto const last = text_in(*table, table->rows.size() - 1, "run_id");
  FormContext const context;
  return json_text("/sources/" + in_form("url", parts.source, context) + "/" +
                   in_form("url", parts.stream, context) + "?before=" + last);
}

}  // namespace

PageState only(PageState state, std::string const& source, std::string const& stream) {
  bool const knows_streams = !state.streams.empty() || !state.problem;
  std::erase_if(state.streams, [&](StreamView const& view) {
    return view.health.source != source || (!stream.empty() && view.health.stream != stream);
  });
  state.is_unknown = state.streams.empty() && knows_streams;
  return state;
}

Json overview_json(OverviewParts const& parts) {
  auto members = document(parts.state);
  append_money(members, parts.days, parts.money);
  append_attention(members, parts.state, parts.quarantine, parts.alerts);
  members.push_back({"running", running_list(parts.state)});
  members.push_back({"sources", sources_json(parts.state)});
  return Json::object(std::move(members));
}

Json source_json(SourceParts const& parts) {
  auto members = document(parts.state);
  members.push_back({"source", json_text(parts.source)});
  members.push_back({"connector", json_text_or_null(connector_of(parts.state))});
  append_money(members, parts.days, parts.money);
  append_attention(members, parts.state, parts.quarantine, parts.alerts, parts.source);
  members.push_back({"running", running_list(parts.state)});
  members.push_back({"streams", streams_json(parts.state)});
  members.push_back({"runs", runs_json(parts.runs)});
  return Json::object(std::move(members));
}

Json stream_page_json(StreamParts const& parts) {
  auto members = document(parts.state);
  members.push_back({"source", json_text(parts.source)});
  members.push_back({"stream", parts.state.streams.empty()
                                   ? Json()
                                   : stream_json(parts.state.streams.front(), parts.state.now)});
  append_attention(members, parts.state, parts.quarantine, parts.alerts, parts.source,
                   parts.stream);
  members.push_back({"running", running_list(parts.state)});
  members.push_back({"runs", runs_json(parts.runs)});
  return Json::object(std::move(members));
}

std::string overview_page(OverviewParts const& parts, PageFrame const& frame) {
  auto const document = overview_json(parts);
  auto const count = document.find("attention")->items().size();
  return fill("overview.html", count == 0 ? "affsync" : "(" + std::to_string(count) + ") affsync",
              document, frame);
}

std::string source_page(SourceParts const& parts, PageFrame const& frame) {
  return fill("source.html", parts.source + " · affsync", source_json(parts), frame);
}

std::string stream_page(StreamParts const& parts, PageFrame const& frame) {
  Json::Object more;
  more.push_back({"name", json_text(parts.stream)});
  more.push_back({"older", older_runs(parts)});
  return fill("stream.html", parts.source + " / " + parts.stream + " · affsync",
              stream_page_json(parts), frame, std::move(more));
}

std::string connectors_page(Json const& connectors, PageState const& state,
                            PageFrame const& frame) {
  Json::Object more;
  more.push_back({"connectors", Json::array(with_users(connectors, state, {}))});
  return fill("connectors.html", "Connectors · affsync", bare_document(frame), frame,
              std::move(more));
}

std::string connector_page(Json const& connectors, std::string const& name, PageState const& state,
                           PageFrame const& frame) {
  auto found = with_users(connectors, state, name);
  if (found.empty()) return {};
  Json::Object more;
  more.push_back({"connector", std::move(found.front())});
  return fill("connector.html", name + " · Connectors · affsync", bare_document(frame), frame,
              std::move(more));
}

std::string message_page(std::string const& heading, std::string const& text,
                         PageFrame const& frame) {
  Json::Object more;
  more.push_back({"heading", json_text(heading)});
  more.push_back({"text", json_text(text)});
  return fill("message.html", heading + " · affsync", bare_document(frame), frame, std::move(more));
}

std::string login_page(std::string const& to, std::string const& refused, TimePoint now) {
  PageFrame frame;
  frame.stranger = true;
  frame.started_at = frame.now = now;
  Json::Object more;
  more.push_back({"to", json_text(to)});
  more.push_back({"refused", json_text(refused)});
  return fill("login.html", "Sign in · affsync", bare_document(frame), frame, std::move(more));
}

}  // namespace affsync::serve
