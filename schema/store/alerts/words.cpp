#include "schema/store/alerts/words.hpp"

#include <algorithm>

#include "base/alert_rules.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

constexpr std::size_t listed = 8;

std::string replaced(std::string text, std::string_view word, std::string const& by) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
    text.replace(at, word.size(), by);
  }
  return text;
}

int rank_of(std::string const& severity) {
  if (severity == "urgent") return 0;
  return severity == "warning" ? 1 : 2;
}

bool same_rule(std::vector<AlertRow> const& alerts) {
  return std::ranges::all_of(alerts,
                             [&](auto const& alert) { return alert.rule == alerts[0].rule; });
}

// One line for several causes of one event.
std::string title_of_several(std::vector<AlertRow> const& alerts) {
  auto const& first = alerts.front();
  auto const count = std::to_string(alerts.size());
  auto const* rule = find_alert_rule(first.rule);
  if (rule != nullptr && !rule->together.empty() && same_rule(alerts)) {
    auto const title = replaced(rule->together, "{count}", count);
    return replaced(title, "{source}", first.source);
  }
  return first.title + ", and " + std::to_string(alerts.size() - 1) + " more";
}

void add_line(std::string& body, std::string const& line) {
  if (line.empty()) return;
  if (!body.empty()) body += '\n';
  body += line;
}

std::string how_long(AlertRow const& alert) {
  if (!alert.closed_at) return "";
  return "It lasted " + rough_span(*alert.closed_at - alert.opened_at) + ".";
}

std::string flaps(AlertRow const& alert) {
  return "It has come " + std::to_string(alert.openings) + " times within " +
         rough_span(alert.changed_at - alert.opened_at) +
         (alert.closed_at ? ", and is over for now." : ".") +
         " You are told again once it stays as it is.";
}

AlertWords words_of_one(std::string_view kind, AlertRow const& alert) {
  AlertWords words;
  if (kind == "closed") {
    words.title = "Over: " + alert.title;
    add_line(words.body, how_long(alert));
    if (alert.openings > 1) {
      add_line(words.body, "It came " + std::to_string(alert.openings) + " times.");
    }
    return words;
  }
  words.title = alert.title;
  add_line(words.body, alert.text);
  if (kind == "flapping") {
    words.title = "Comes and goes: " + alert.title;
    add_line(words.body, flaps(alert));
  } else if (alert.closed_at) {
    words.title = "Was, and is over: " + alert.title;
    add_line(words.body, how_long(alert));
    return words;
  } else if (kind == "grown") {
    words.title = "Has grown: " + alert.title;
    if (!alert.told_amount_usd.empty() && !alert.amount_usd.empty()) {
      add_line(words.body, "It was " + alert.told_amount_usd + " USD when you were told last.");
    }
  }
  add_line(words.body, alert.remedy);
  return words;
}

void add_list(std::string& body, std::vector<AlertRow> const& alerts) {
  for (std::size_t i = 0; i < alerts.size() && i < listed; ++i) {
    add_line(body, "- " + alerts[i].title + (alerts[i].closed_at ? " (over)" : ""));
  }
  if (alerts.size() > listed) {
    add_line(body, "- and " + std::to_string(alerts.size() - listed) + " more");
  }
}

AlertWords words_of_several(std::string_view kind, std::vector<AlertRow> const& alerts) {
  AlertWords words;
  bool const over =
      std::ranges::all_of(alerts, [](auto const& alert) { return alert.closed_at.has_value(); });
  words.title = title_of_several(alerts);
  if (kind == "closed") words.title = "Over: " + words.title;
  if (kind == "grown") words.title = "Has grown: " + words.title;
  if (kind == "flapping") words.title = "Comes and goes: " + words.title;
  if (kind == "opened" && over) words.title = "Was, and is over: " + words.title;
  if (kind == "flapping") add_line(words.body, flaps(alerts.front()));
  add_list(words.body, alerts);
  if (kind == "closed" || over) {
    add_line(words.body, how_long(alerts.front()));
  } else {
    add_line(words.body, alerts.front().text);
    add_line(words.body, alerts.front().remedy);
  }
  return words;
}

AlertWords words_of_held_back(std::vector<AlertRow> const& alerts, int held_back) {
  AlertWords words;
  words.title = std::to_string(held_back) + " more messages were held back";
  add_line(words.body, "So many came within an hour that the rest is told in one:");
  add_list(words.body, alerts);
  add_line(words.body, "All of them: affsync alerts --all");
  return words;
}

void member(std::string& out, std::string_view name, std::string const& value) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  if (value.empty()) {
    out += "null";
  } else {
    append_json_string(out, value);
  }
}

void member(std::string& out, std::string_view name, std::optional<TimePoint> time) {
  member(out, name, time ? format_time(*time) : std::string());
}

void plain_member(std::string& out, std::string_view name, std::string const& value) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':' + value;
}

std::string document_of(AlertRow const& alert) {
  std::string out = "{";
  plain_member(out, "id", std::to_string(alert.id));
  member(out, "rule", alert.rule);
  member(out, "cause", alert.cause);
  member(out, "state", std::string(alert.closed_at ? "closed" : "open"));
  member(out, "severity", alert.severity);
  member(out, "source", alert.source);
  member(out, "stream", alert.stream);
  member(out, "subject", alert.subject);
  member(out, "event", alert.event);
  member(out, "since", alert.happened_at);
  member(out, "opened_at", std::optional<TimePoint>(alert.opened_at));
  member(out, "closed_at", alert.closed_at);
  plain_member(out, "openings", std::to_string(alert.openings));
  plain_member(out, "flapping", alert.flapping_since ? "true" : "false");
  member(out, "currency", alert.currency);
  member(out, "amount", alert.amount);
  member(out, "amount_usd", alert.amount_usd);
  plain_member(out, "figures", alert.figures.empty() ? "{}" : alert.figures);
  member(out, "title", alert.title);
  member(out, "text", alert.text);
  member(out, "remedy", alert.remedy);
  member(out, "shown_by", alert.shown_by);
  return out + "}";
}

}  // namespace

std::string rough_span(Duration span) {
  auto const seconds =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(span).count());
  constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour;
  auto const two = [&](std::int64_t big, char const* big_name, std::int64_t small,
                       char const* small_name) {
    auto text = std::to_string(seconds / big) + " " + big_name;
    auto const rest = seconds % big / small;
    if (rest > 0) text += " " + std::to_string(rest) + " " + small_name;
    return text;
  };
  if (seconds >= day) return two(day, "d", hour, "h");
  if (seconds >= hour) return two(hour, "h", minute, "min");
  if (seconds >= minute) return std::to_string(seconds / minute) + " min";
  return std::to_string(seconds) + " s";
}

std::string alert_columns() {
  std::string text =
      "a.alert_id, a.rule, a.cause, a.source, a.stream, a.subject, a.event,"
      " a.severity, a.openings, a.currency, a.amount::text, a.amount_usd::text,"
      " a.told_amount_usd::text, a.figures::text, a.title, a.text, a.remedy,"
      " a.shown_by";
  for (auto const* time : {"opened_at", "changed_at", "closed_at", "happened_at", "flapping_since",
                           "told_at", "over_told_at"}) {
    text += ", " + epoch_sql(std::string("a.") + time);
  }
  return text;
}

AlertRow alert_row(pqxx::row const& row) {
  AlertRow alert;
  int column = 0;
  auto const text = [&] { return text_of(row[column++]).value_or(""); };
  auto const time = [&] { return time_of(row[column++]); };
  alert.id = int_of(row[column++]);
  alert.rule = text();
  alert.cause = text();
  alert.source = text();
  alert.stream = text();
  alert.subject = text();
  alert.event = text();
  alert.severity = text();
  alert.openings = static_cast<int>(int_of(row[column++]));
  alert.currency = text();
  alert.amount = text();
  alert.amount_usd = text();
  alert.told_amount_usd = text();
  alert.figures = text();
  // They quote brokers, who write no lines of ours.
  alert.title = to_one_line(text());
  alert.text = to_one_line(text());
  alert.remedy = to_one_line(text());
  alert.shown_by = text();
  alert.opened_at = time().value_or(TimePoint());
  alert.changed_at = time().value_or(TimePoint());
  alert.closed_at = time();
  alert.happened_at = time();
  alert.flapping_since = time();
  alert.told_at = time();
  alert.over_told_at = time();
  return alert;
}

AlertWords alert_words(std::string_view kind, std::vector<AlertRow> const& given, int held_back,
                       TimePoint now) {
  auto alerts = given;
  std::ranges::stable_sort(alerts, [](auto const& a, auto const& b) {
    return rank_of(a.severity) < rank_of(b.severity);
  });
  AlertWords words;
  if (kind == "held_back") {
    words = words_of_held_back(alerts, held_back);
  } else if (alerts.size() == 1) {
    words = words_of_one(kind, alerts.front());
  } else {
    words = words_of_several(kind, alerts);
  }
  std::string& out = words.document = "{";
  plain_member(out, "version", "1");
  member(out, "kind", std::string(kind));
  member(out, "written_at", std::optional<TimePoint>(now));
  member(out, "title", words.title);
  member(out, "text", words.body);
  plain_member(out, "held_back", std::to_string(held_back));
  std::string list;
  for (auto const& alert : alerts) list += (list.empty() ? "" : ",") + document_of(alert);
  plain_member(out, "alerts", "[" + list + "]");
  out += '}';
  return words;
}

}  // namespace affsync::schema
