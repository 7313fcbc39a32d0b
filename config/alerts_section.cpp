#include "config/alerts_section.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "base/alert_rules.hpp"
#include "base/suggest.hpp"
#include "config/alert_receiver.hpp"
#include "config/values.hpp"

namespace affsync::config {
namespace {

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (auto const& rule : alert_rules()) names.emplace_back(rule.name);
  return names;
}

std::vector<std::string> receiver_names(AlertsConfig const& alerts) {
  std::vector<std::string> names;
  for (auto const& receiver : alerts.receivers) names.push_back(receiver.name);
  return names;
}

// A name, or a list of names, that must be known.
std::vector<std::string> read_names(yaml::Node const& node, std::string const& what,
                                    std::vector<std::string> const& known) {
  if (known.empty()) {
    node.fail("`alerts.to` names no receiver yet", "Add one there, see docs/alerts.md, Receivers.");
  }
  auto const items = node.is_sequence() ? node.items() : std::vector<yaml::Node>{node};
  std::vector<std::string> names;
  for (auto const& item : items) {
    auto const name = read_text(item);
    if (std::ranges::find(known, name) == known.end()) fail_word(item, what, known);
    names.push_back(name);
  }
  if (names.empty()) node.fail(what + " names nobody");
  return names;
}

// Digits with at most one point, as a user writes an amount.
std::string read_usd(yaml::Node const& node) {
  auto const text = node.text();
  auto const point = text.find('.');
  bool const good = !text.empty() && text.size() <= 20 && point != 0 && point + 1 != text.size() &&
                    text.find_first_not_of("0123456789.") == std::string::npos &&
                    text.find('.', point == std::string::npos ? 0 : point + 1) ==
                        (point == std::string::npos ? point : std::string::npos);
  if (!good) {
    node.fail("not an amount of US dollars: " + node.shown(), "Write a number, such as 5 or 0.50.");
  }
  return text;
}

std::string read_setting(yaml::Node const& node, AlertSetting const& setting) {
  constexpr long most = 1'000'000'000;
  switch (setting.kind) {
    case AlertSetting::Kind::usd:
      return read_usd(node);
    case AlertSetting::Kind::days:
    case AlertSetting::Kind::duration: {
      if (setting.kind == AlertSetting::Kind::days && !is_whole_days(node.text())) {
        node.fail("not whole days: " + node.shown(),
                  "Write some such as " + std::string(setting.fallback) + ".");
      }
      auto const duration = parse_duration(node.text());
      if (!duration) {
        node.fail("not a duration: " + node.shown(),
                  "Write one such as " + std::string(setting.fallback) + ".");
      }
      return std::to_string(duration->count());
    }
    case AlertSetting::Kind::count:
      return std::to_string(node.as_integer(1, most));
    case AlertSetting::Kind::percent:
      read_percent(node);  // refuses anything else
      return node.text().substr(0, node.text().size() - 1);
  }
  return {};
}

AlertRule read_rule(AlertRuleInfo const& info, yaml::Node const& node,
                    std::vector<std::string> const& receivers) {
  AlertRule rule;
  if (!node.is_map()) {
    if (!node.is_scalar()) {
      node.fail("a rule is on, off, or a mapping of its settings",
                "Such as: " + std::string(info.name) + ": off");
    }
    rule.enabled = node.as_bool();
    return rule;
  }
  yaml::Map map(node, "the rule " + std::string(info.name));
  for (auto const& setting : info.settings) {
    std::string const name(setting.name);
    if (auto const value = map.find(name)) rule.settings[name] = read_setting(*value, setting);
  }
  if (auto const value = map.find("to")) rule.to = read_names(*value, "a receiver", receivers);
  map.explain("enabled", "Write `" + std::string(info.name) + ": off`.");
  map.finish();
  return rule;
}

void read_rules(yaml::Node const& node, AlertsConfig& alerts) {
  if (!node.is_map()) {
    node.fail("rules must be a mapping of rules to on, off or their settings",
              "Such as: rules: {commission_lowered: {min_usd: 5}, stream_late: off}");
  }
  auto const known = rule_names();
  auto const receivers = receiver_names(alerts);
  for (auto const& [key, value] : node.entries()) {
    auto const* const info = find_alert_rule(key.text());
    if (info == nullptr) fail_word(key, "a rule", known);
    if (value.is_null()) continue;  // "stream_late:" alone
    alerts.rules.emplace(key.text(), read_rule(*info, value, receivers));
  }
}

int read_minute_of_day(yaml::Node const& node) {
  auto const text = node.text();
  constexpr int hours = 24, minutes = 60;
  int hour = -1, minute = -1;
  auto const* const end = text.data() + text.size();
  auto const [colon, bad_hour] = std::from_chars(text.data(), end, hour);
  if (bad_hour == std::errc{} && colon != end && *colon == ':' && end - colon == 3) {
    auto const [stop, bad] = std::from_chars(colon + 1, end, minute);
    if (bad != std::errc{} || stop != end) minute = -1;
  }
  bool const good = hour >= 0 && hour < hours && minute >= 0 && minute < minutes;
  if (!good) node.fail("not a time of day: " + node.shown(), "Write \"22:00\", in quotes.");
  return hour * minutes + minute;
}

std::string read_zone(yaml::Node const& node) {
  auto const zone = read_text(node);
  if (zone == "UTC") return zone;
  std::error_code ignored;
  bool const named = zone.find("..") == std::string::npos && zone.front() != '/' &&
                     zone.find_first_not_of(
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                         "0123456789_+-/") == std::string::npos;
  if (!named || !std::filesystem::is_regular_file("/usr/share/zoneinfo/" + zone, ignored)) {
    node.fail("this machine knows no time zone " + node.shown(),
              "Write one such as Europe/Berlin, or UTC; the package tzdata has them.");
  }
  return zone;
}

QuietHours read_quiet(yaml::Node const& node) {
  QuietHours quiet;
  yaml::Map map(node, "quiet");
  auto const from = map.require("from");
  auto const to = map.require("to");
  quiet.from = read_minute_of_day(from);
  quiet.to = read_minute_of_day(to);
  if (quiet.from == quiet.to) {
    to.fail("quiet hours that end when they begin", "Write `off` at rules that need not be told.");
  }
  if (auto const value = map.find("zone")) quiet.zone = read_zone(*value);
  if (auto const value = map.find("except")) {
    quiet.except = read_names(*value, "a rule", rule_names());
  }
  map.finish();
  return quiet;
}

std::vector<AlertReceiver> read_receivers(yaml::Node const& list, Environment const& env) {
  if (!list.is_sequence()) {
    list.fail("to must be a list of receivers", "Begin each one with `- name: ...`.");
  }
  std::vector<AlertReceiver> receivers;
  for (auto const& item : list.items()) {
    auto receiver = read_receiver(item, env);
    for (auto const& other : receivers) {
      if (other.name != receiver.name) continue;
      Error error(ErrorCode::config_invalid,
                  "a second receiver named " + yaml::quoted(receiver.name),
                  "The first is at " + other.where + ".");
      throw Failure(std::move(error.at(receiver.where)));
    }
    receivers.push_back(std::move(receiver));
  }
  return receivers;
}

}  // namespace

std::string AlertReceiver::kind() const {
  if (webhook) return "webhook";
  return telegram ? "telegram" : "command";
}

AlertReceiver const* AlertsConfig::find(std::string_view name) const {
  auto const found = std::ranges::find(receivers, name, &AlertReceiver::name);
  return found == receivers.end() ? nullptr : &*found;
}

AlertsConfig read_alerts(yaml::Node const& node, Environment const& env) {
  AlertsConfig alerts;
  alerts.configured = true;
  yaml::Map map(node, "alerts");
  auto const to = map.find("to");
  auto const rules = map.find("rules");
  auto const quiet = map.find("quiet");
  if (auto const value = map.find("per_hour")) {
    alerts.per_hour = static_cast<int>(value->as_integer(1, 10'000));
  }
  if (auto const value = map.find("gather")) {
    alerts.gather = std::chrono::duration_cast<std::chrono::seconds>(read_timeout(*value));
  }
  if (auto const value = map.find("with")) {
    alerts.with_names = read_word<bool>(*value, "with", {{"ids", false}, {"names", true}});
  }
  map.explain("receivers", "Did you mean `to`?");
  map.finish();  // before the parts: reports a mistyped key instead of its consequences
  if (to) alerts.receivers = read_receivers(*to, env);
  if (rules) read_rules(*rules, alerts);
  if (quiet) alerts.quiet = read_quiet(*quiet);
  return alerts;
}

}  // namespace affsync::config
