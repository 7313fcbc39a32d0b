// The rules of alerts: their names, settings and queries. Each is one file of schema/alerts, whose
// first lines say what there is to know about it; a new file is a new rule, and nothing else needs
// to know of it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.hpp"
#include "base/error.hpp"

namespace affsync {

// A setting of a rule.
struct AlertSetting {
  // `days`: a duration of whole days, for queries that look at days.
  enum class Kind { usd, duration, days, count, percent };
  std::string name;
  Kind kind = Kind::count;
  std::string fallback;  // as a user would write it: 5, 14d, 3, 20%
  std::string about;
};

struct AlertRuleInfo {
  std::string name;
  std::string about;     // what it tells, in one or two sentences
  std::string severity;  // urgent, warning or note
  std::string together;  // title of several causes of one event: {count}, {source}
  std::vector<AlertSetting> settings;
  // Set for what is looked at for some time only: a cause older than this is over, and nobody is
  // told so. What is in a state instead (a login that is refused) is told again when the state
  // ends.
  std::optional<std::chrono::seconds> window;
  std::string window_setting;  // a setting that has the window in its place; "": none
  std::string sql;

  AlertSetting const* find(std::string_view setting) const;
};

// In the order of their files.
std::span<AlertRuleInfo const> alert_rules();
// nullptr if there is no such rule.
AlertRuleInfo const* find_alert_rule(std::string_view name);

// Reads a setting as a user writes it ("14d", "20%", "5") into what queries read: durations as
// seconds, also those of whole days, percents without their sign.
Result<std::string> read_alert_setting(AlertSetting const& setting, std::string_view text);

// True for 1d, 14d and so on.
bool is_whole_days(std::string_view text);

// Reads the first lines of a rule's file: config_invalid if they are not as they must be.
Result<AlertRuleInfo> parse_alert_rule(EmbeddedFile const& file);

}  // namespace affsync
