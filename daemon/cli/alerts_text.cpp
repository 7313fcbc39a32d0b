#include "base/json.hpp"
#include "daemon/cli/alerts.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/utf8.hpp"
#include "daemon/reports/json_text.hpp"

namespace affsync::cli {
namespace {

using reports::json_count;
using reports::json_text_or_null;
using reports::json_time_or_null;
using schema::AlertLine;

std::string state_of(AlertLine const& alert) {
  if (alert.closed_at) return "over";
  if (alert.muted) return "muted";
  return alert.flapping_since ? "flapping" : "open";
}

Style style_of(AlertLine const& alert) {
  if (alert.closed_at || alert.muted) return Style::dim;
  if (alert.severity == "urgent") return Style::bad;
  return alert.severity == "warning" ? Style::warning : Style::plain;
}

Json document(std::string const& text) {
  auto parsed = parse_json(text);
  return parsed ? std::move(*parsed) : Json();
}

Json alert_json(AlertLine const& alert) {
  return Json::object({{"alert_id", json_count(alert.alert_id)},
                       {"rule", Json::string(alert.rule)},
                       {"severity", Json::string(alert.severity)},
                       {"state", Json::string(state_of(alert))},
                       {"source", json_text_or_null(alert.source)},
                       {"stream", json_text_or_null(alert.stream)},
                       {"subject", json_text_or_null(alert.subject)},
                       {"event", json_text_or_null(alert.event)},
                       {"cause", Json::string(alert.cause)},
                       {"opened_at", Json::string(format_time(alert.opened_at))},
                       {"seen_at", Json::string(format_time(alert.seen_at))},
                       {"closed_at", json_time_or_null(alert.closed_at)},
                       {"happened_at", json_time_or_null(alert.happened_at)},
                       {"told_at", json_time_or_null(alert.told_at)},
                       {"flapping_since", json_time_or_null(alert.flapping_since)},
                       {"openings", json_count(alert.openings)},
                       {"currency", json_text_or_null(alert.currency)},
                       {"amount", json_text_or_null(alert.amount)},
                       {"amount_usd", json_text_or_null(alert.amount_usd)},
                       {"figures", document(alert.figures)},
                       {"title", Json::string(alert.title)},
                       {"text", Json::string(alert.text)},
                       {"remedy", json_text_or_null(alert.remedy)},
                       {"shown_by", json_text_or_null(alert.shown_by)},
                       {"muted", Json::boolean(alert.muted)},
                       {"muted_until", json_time_or_null(alert.muted_until)},
                       {"muted_by", json_text_or_null(alert.muted_by)}});
}

std::string muted_text(AlertLine const& alert) {
  std::string text = "muted";
  if (!alert.muted_by.empty()) text += " by " + log::to_one_line(alert.muted_by);
  text += alert.muted_until ? " until " + shown_time(alert.muted_until) + " UTC"
                            : " until `affsync alerts unmute`";
  return text;
}

}  // namespace

std::string alerts_json(std::vector<AlertLine> const& alerts,
                        std::vector<schema::AlertQueue> const& queues,
                        std::vector<SilentRule> const& silent) {
  Json::Array rules;
  for (auto const& one : silent) {
    rules.push_back(Json::object({{"rule", Json::string(one.rule)},
                                  {"error", json_text_or_null(one.error.value_or(""))},
                                  {"muted_until", json_text_or_null(one.until.value_or(""))},
                                  {"reason", json_text_or_null(one.reason.value_or(""))}}));
  }
  Json::Array items;
  for (auto const& alert : alerts) items.push_back(alert_json(alert));
  Json::Array receivers;
  for (auto const& queue : queues) {
    receivers.push_back(Json::object({{"receiver", Json::string(queue.receiver)},
                                      {"waiting", json_count(queue.waiting)},
                                      {"oldest", json_time_or_null(queue.oldest)},
                                      {"last_error", json_text_or_null(queue.last_error)},
                                      {"sent", json_count(queue.sent)},
                                      {"given_up", json_count(queue.given_up)},
                                      {"missed", json_count(queue.missed)}}));
  }
  return Json::object({{"alerts", Json::array(std::move(items))},
                       {"receivers", Json::array(receivers)},
                       {"silent_rules", Json::array(std::move(rules))}})
      .dump();
}

std::string silent_rules_text(std::vector<SilentRule> const& silent,
                              log::Terminal const& terminal) {
  std::string text;
  for (auto const& one : silent) {
    auto const line =
        one.error
            ? "The rule " + one.rule + " cannot be judged, so it tells nothing new: " + *one.error
            : "The rule " + one.rule + " is muted until " +
                  (one.until ? *one.until : "`affsync alerts unmute " + one.rule + "`") +
                  (one.reason ? ": " + *one.reason : "") + ".";
    text += styled(wrap_text(line, "", terminal.columns), one.error ? Style::warning : Style::dim,
                   terminal);
  }
  return text;
}

std::string alerts_table(std::vector<AlertLine> const& alerts, log::Terminal const& terminal) {
  TableColumn id, since, over, state, rule, what;
  id.title = "id";
  id.align = Align::right;
  since.title = "since (UTC)";
  over.title = "over (UTC)";
  over.hide_if_empty = true;
  state.title = "state";
  rule.title = "rule";
  rule.droppable = true;
  rule.importance = 2;
  what.title = "what";
  what.min_width = 30;
  TextTable table({id, since, over, state, rule, what});
  for (std::size_t index = 0; index < alerts.size(); ++index) {
    auto const& alert = alerts[index];
    auto const style = style_of(alert);
    table.add_row({Cell(std::to_string(alert.alert_id)), Cell(shown_time(alert.opened_at)),
                   Cell(shown_time(alert.closed_at)), Cell(state_of(alert), style),
                   Cell(alert.rule), Cell(log::to_one_line(alert.title), style)});
    if (alert.closed_at) continue;
    std::string const indent = "       ";
    // Once below several that follow each other.
    bool const again = index + 1 < alerts.size() && alerts[index + 1].remedy == alert.remedy &&
                       !alerts[index + 1].closed_at;
    if (!alert.remedy.empty() && !again) {
      table.add_line(indent + log::to_one_line(alert.remedy), Style::dim);
    }
    if (alert.muted) table.add_line(indent + muted_text(alert), Style::dim);
  }
  return table.render(terminal);
}

std::string queues_text(std::vector<schema::AlertQueue> const& queues,
                        log::Terminal const& terminal) {
  std::string out;
  for (auto const& queue : queues) {
    if (queue.waiting == 0 && queue.given_up == 0 && queue.missed == 0) continue;
    auto line = queue.receiver + ": ";
    if (queue.waiting > 0) {
      line += group_thousands(queue.waiting) +
              (queue.waiting == 1 ? " message waits" : " messages wait");
      if (queue.oldest) line += " since " + shown_time(queue.oldest) + " UTC";
    }
    if (queue.given_up > 0) {
      line += (queue.waiting > 0 ? "; " : "") + group_thousands(queue.given_up) +
              " given up within the last day";
    }
    if (queue.missed > 0) {
      line += (queue.waiting > 0 || queue.given_up > 0 ? "; it missed " : "it missed ") +
              group_thousands(queue.missed) +
              (queue.missed == 1 ? " alert that is open" : " alerts that are open");
    }
    if (!queue.last_error.empty()) line += ": " + log::to_one_line(queue.last_error);
    out += wrap_text(line + ".", "", terminal.columns);
  }
  return out;
}

}  // namespace affsync::cli
