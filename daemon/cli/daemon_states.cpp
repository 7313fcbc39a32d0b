#include "daemon/cli/daemon_states.hpp"

#include <algorithm>

#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/utf8.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/spans.hpp"

namespace affsync::cli {

namespace {

std::optional<TimePoint> moment(std::optional<std::string> const& microseconds) {
  if (!microseconds) return std::nullopt;
  return TimePoint(std::chrono::microseconds(std::stoll(*microseconds)));
}

std::vector<std::string> texts_of(std::string const& json) {
  std::vector<std::string> texts;
  auto const list = parse_json(json).value();
  for (auto const& item : list.items()) texts.push_back(item.as_string());
  return texts;
}

}  // namespace

boost::asio::awaitable<std::vector<DaemonState>> read_daemons(schema::Store& store) {
  // By way of JSON, since a database of an older version does not have all of these columns.
  auto const micros = [](std::string const& time) {
    return "(extract(epoch FROM (j ->> '" + time + "')::timestamptz) * 1000000)::bigint::text, ";
  };
  auto sql = "SELECT p.instance, p.version, " + micros("started_at") + micros("seen_at") +
             micros("reload_failed_at") +
             "j ->> 'reload_error', coalesce(nullif(j -> 'needs_restart', 'null'), '[]')::text,"
             " to_jsonb(p.sources)::text"
             " FROM affsync.program p, to_jsonb(p) j WHERE p.process <> '' AND p.ended_at IS NULL"
             " AND p.seen_at > now() - interval '5 minutes' ORDER BY p.instance, p.started_at";
  std::vector<std::optional<std::string>> none;
  auto const table = co_await store.query(std::move(sql), std::move(none));
  std::vector<DaemonState> daemons;
  for (auto const& row : table.rows) {
    auto& daemon = daemons.emplace_back();
    daemon.instance = row[0].value_or("");
    daemon.version = row[1].value_or("");
    daemon.started_at = moment(row[2]);
    daemon.seen_at = moment(row[3]);
    daemon.reload_failed_at = moment(row[4]);
    daemon.reload_error = row[5].value_or("");
    daemon.needs_restart = texts_of(row[6].value_or("[]"));
    daemon.sources = texts_of(row[7].value_or("[]"));
  }
  co_return daemons;
}

bool is_read(std::string const& source, std::vector<DaemonState> const& daemons) {
  return std::ranges::any_of(daemons, [&](DaemonState const& daemon) {
    return std::ranges::find(daemon.sources, source) != daemon.sources.end();
  });
}

std::string explain_daemons(std::vector<DaemonState> const& daemons,
                            log::Terminal const& terminal) {
  std::string out;
  for (auto const& daemon : daemons) {
    std::string points;
    if (!daemon.reload_error.empty()) {
      points += wrap_text("its configuration could not be reloaded at " +
                              shown_time(daemon.reload_failed_at) +
                              " UTC, the old one stays: " + log::to_one_line(daemon.reload_error) +
                              " Then reload again (`systemctl reload affsync`, or SIGHUP).",
                          "  ", terminal.columns);
    }
    if (!daemon.needs_restart.empty()) {
      std::string settings;
      for (auto const& setting : daemon.needs_restart) {
        settings += (settings.empty() ? "" : ", ") + log::to_one_line(setting);
      }
      points += wrap_text("restart it to apply these changed settings: " + settings, "  ",
                          terminal.columns);
    }
    if (points.empty()) continue;
    out += "\n" + styled("Daemon of " + log::to_one_line(daemon.instance), Style::bold, terminal) +
           "\n" + points;
  }
  return out;
}

Json daemons_to_json(std::vector<DaemonState> const& daemons) {
  Json::Array items;
  for (auto const& daemon : daemons) {
    Json::Array settings;
    for (auto const& setting : daemon.needs_restart) {
      settings.push_back(reports::json_text(setting));
    }
    items.push_back(
        Json::object({{"instance", reports::json_text(daemon.instance)},
                      {"version", reports::json_text(daemon.version)},
                      {"started_at", reports::json_time_or_null(daemon.started_at)},
                      {"seen_at", reports::json_time_or_null(daemon.seen_at)},
                      {"reload_failed_at", reports::json_time_or_null(daemon.reload_failed_at)},
                      {"reload_error", reports::json_text_or_null(daemon.reload_error)},
                      {"needs_restart", Json::array(std::move(settings))}}));
  }
  return Json::array(std::move(items));
}

}  // namespace affsync::cli
