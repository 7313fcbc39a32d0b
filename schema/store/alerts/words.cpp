#include "schema/store/alerts/words.hpp"

#include <algorithm>
#include <utility>

#include "base/alert_rules.hpp"
#include "base/decimal.hpp"
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

// An amount without its sign: the digits before and after its point.
std::pair<std::string_view, std::string_view> digits_of(std::string_view amount) {
  if (amount.starts_with('-')) amount.remove_prefix(1);
  auto const point = amount.find('.');
  auto whole = amount.substr(0, point);
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  return {whole, point == std::string_view::npos ? std::string_view() : amount.substr(point + 1)};
}

// Whether an amount is larger than another one, whatever their signs. None is the least.
bool is_larger(std::string const& amount, std::string const& other) {
  if (amount.empty() || other.empty()) return other.empty() && !amount.empty();
  auto const [whole, part] = digits_of(amount);
  auto const [other_whole, other_part] = digits_of(other);
  if (whole.size() != other_whole.size()) return whole.size() > other_whole.size();
  return whole != other_whole ? whole > other_whole : part > other_part;
}

// The gravest first, and of those the largest.
bool goes_before(AlertRow const& one, AlertRow const& other) {
  auto const rank = rank_of(one.severity), other_rank = rank_of(other.severity);
  if (rank != other_rank) return rank < other_rank;
  if (is_larger(one.amount_usd, other.amount_usd)) return true;
  if (is_larger(other.amount_usd, one.amount_usd)) return false;
  return is_larger(one.amount, other.amount);
}

// With all its digits, and two at least after the point.
std::string shown_amount(std::string amount) {
  auto point = amount.find('.');
  if (point == std::string::npos) {
    point = amount.size();
    amount += '.';
  }
  constexpr std::size_t least = 2;
  while (amount.size() > point + 1 + least && amount.ends_with('0')) amount.pop_back();
  while (amount.size() < point + 1 + least) amount += '0';
  return amount;
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

// What causes of one rule come to, by currency, that of the first one first. Not of balances:
// several show the same money.
std::string sum_of(std::vector<AlertRow> const& alerts) {
  if (!same_rule(alerts) || alerts.front().rule == "balance_dropped") return "";
  std::vector<std::pair<std::string, std::string>> sums;
  for (auto const& alert : alerts) {
    if (alert.amount.empty() || alert.currency.empty()) return "";
    auto const same =
        std::ranges::find(sums, alert.currency, &std::pair<std::string, std::string>::first);
    if (same == sums.end()) {
      sums.emplace_back(alert.currency, alert.amount);
    } else {
      same->second = add_decimals(same->second, alert.amount);
    }
  }
  std::string text;
  std::size_t number = 0;
  for (auto const& [currency, sum] : sums) {
    if (++number > listed) break;
    text += (text.empty() ? "" : ", ") + shown_amount(sum) + " " + currency;
  }
  if (sums.size() > listed) {
    text += " and " + std::to_string(sums.size() - listed) + " more currencies";
  }
  return text + " in all";
}

std::string how_long(AlertRow const& alert) {
  if (!alert.closed_at || *alert.closed_at - alert.opened_at < std::chrono::seconds(1)) return "";
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
  if (kind != "closed") add_line(words.body, sum_of(alerts));
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
      " affsync.rough_amount(a.told_amount_usd), a.figures::text, a.title, a.text, a.remedy,"
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
  std::ranges::stable_sort(alerts, goes_before);
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
