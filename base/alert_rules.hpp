// The rules of alerts as data: their names, what each tells, and the settings that a user may
// change. The configuration is checked against this table, and the query of each rule
// (schema/alerts) reads its settings under the same names.
#pragma once

#include <span>
#include <string_view>

namespace affsync {

struct AlertSetting {
  // usd: an amount of US dollars; duration: "14d"; count: a whole number; percent: "90%".
  enum class Kind { usd, duration, count, percent };
  std::string_view name;
  Kind kind = Kind::count;
  std::string_view fallback;  // the default, as a user would write it
  std::string_view about;
};

struct AlertRuleInfo {
  std::string_view name;
  std::string_view about;     // what it tells, as one line
  std::string_view severity;  // urgent, warning or note
  std::span<AlertSetting const> settings;

  AlertSetting const* find(std::string_view setting) const;
};

// All rules, in the order in which they are shown.
std::span<AlertRuleInfo const> alert_rules();
// Returns nullptr for an unknown name.
AlertRuleInfo const* find_alert_rule(std::string_view name);

}  // namespace affsync
