#include "base/alert_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/decimal.hpp"
#include "base/schedule.hpp"
#include "base/text.hpp"

namespace affsync {

extern EmbeddedFile const alert_files[];
extern unsigned const alert_files_count;

namespace {

constexpr std::string_view comment = "--";

struct KindWord {
  std::string_view word;
  AlertSetting::Kind kind;
};
constexpr std::array<KindWord, 5> kind_words{
    KindWord{"usd", AlertSetting::Kind::usd}, KindWord{"duration", AlertSetting::Kind::duration},
    KindWord{"days", AlertSetting::Kind::days}, KindWord{"count", AlertSetting::Kind::count},
    KindWord{"percent", AlertSetting::Kind::percent}};

Error bad(EmbeddedFile const& file, std::string const& what) {
  Error error(ErrorCode::config_invalid, what,
              "See the first lines of the other files in schema/alerts.");
  error.at(file.name);
  return error;
}

std::string_view take_word(std::string_view& line) {
  line = trim_blanks(line);
  auto const word = line.substr(0, std::min(line.find(' '), line.size()));
  line.remove_prefix(word.size());
  line = trim_blanks(line);
  return word;
}

// "after duration 7d How long …"
Result<AlertSetting> parse_setting(EmbeddedFile const& file, std::string_view line) {
  AlertSetting setting;
  setting.name = take_word(line);
  auto const word = take_word(line);
  auto const kind = std::ranges::find(kind_words, word, &KindWord::word);
  if (kind == kind_words.end()) {
    return bad(file, "a setting of the unknown kind '" + std::string(word) + "'");
  }
  setting.kind = kind->kind;
  setting.fallback = take_word(line);
  setting.about = line;
  if (setting.about.empty()) return bad(file, setting.name + " is not described");
  if (!read_alert_setting(setting, setting.fallback)) {
    return bad(file, "the default of " + setting.name + " is no value of its kind");
  }
  return setting;
}

// "01_source_blocked.sql" -> "source_blocked"
std::string name_of(std::string_view file) {
  auto const begin = file.find('_');
  auto const end = file.rfind('.');
  if (begin == std::string_view::npos || end == std::string_view::npos || end <= begin) return "";
  return std::string(file.substr(begin + 1, end - begin - 1));
}

bool is_count(std::string_view text) {
  constexpr long most = 1'000'000'000;
  long number = 0;
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && stop == text.data() + text.size() && number >= 1 && number <= most;
}

bool is_plain_number(std::string_view text) {
  constexpr std::size_t longest = 20;
  return !text.empty() && text.size() <= longest && text.front() != '.' && text.back() != '.' &&
         text.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::ranges::count(text, '.') <= 1;
}

std::vector<AlertRuleInfo> parse_all() {
  std::vector<AlertRuleInfo> all;
  for (unsigned i = 0; i < alert_files_count; ++i) {
    all.push_back(parse_alert_rule(alert_files[i]).value());
  }
  return all;
}

}  // namespace

AlertSetting const* AlertRuleInfo::find(std::string_view setting) const {
  auto const found = std::ranges::find(settings, setting, &AlertSetting::name);
  return found == settings.end() ? nullptr : &*found;
}

std::span<AlertRuleInfo const> alert_rules() {
  static auto const all = parse_all();
  return all;
}

AlertRuleInfo const* find_alert_rule(std::string_view name) {
  auto const all = alert_rules();
  auto const found = std::ranges::find(all, name, &AlertRuleInfo::name);
  return found == all.end() ? nullptr : &*found;
}

bool is_whole_days(std::string_view text) {
  return text.ends_with('d') && is_count(text.substr(0, text.size() - 1));
}

Result<std::string> read_alert_setting(AlertSetting const& setting, std::string_view text) {
  auto const refuse = [&](std::string const& what, std::string const& hint) {
    return Error(ErrorCode::config_invalid,
                 setting.name + " is not " + what + ": '" + std::string(text) + "'", hint);
  };
  switch (setting.kind) {
    case AlertSetting::Kind::usd:
      if (is_plain_number(text)) return std::string(text);
      return refuse("an amount of US dollars", "Write a number, such as 5 or 0.50.");
    case AlertSetting::Kind::duration: {
      auto const duration = parse_duration(text);
      if (duration) return std::to_string(duration->count());
      return refuse("a duration", "Write one such as " + setting.fallback + ".");
    }
    case AlertSetting::Kind::days: {
      auto const duration = parse_duration(text);
      if (duration && is_whole_days(text)) return std::to_string(duration->count());
      return refuse("whole days", "Write some such as " + setting.fallback + ".");
    }
    case AlertSetting::Kind::count:
      if (is_count(text)) return std::string(text);
      return refuse("a whole number above 0", "Write one such as " + setting.fallback + ".");
    case AlertSetting::Kind::percent:
      if (text.ends_with('%') && is_plain_number(text.substr(0, text.size() - 1))) {
        return std::string(text.substr(0, text.size() - 1));
      }
      return refuse("a percentage", "Write one such as " + setting.fallback + ".");
  }
  return refuse("readable", "");
}

Result<AlertRuleInfo> parse_alert_rule(EmbeddedFile const& file) {
  AlertRuleInfo rule;
  rule.name = name_of(file.name);
  if (rule.name.empty()) return bad(file, "its name is not NN_rule.sql");
  rule.sql = file.text;
  auto rest = file.text;
  while (rest.starts_with(comment)) {
    auto line = rest.substr(comment.size(), rest.find('\n') - comment.size());
    rest.remove_prefix(std::min(rest.size(), comment.size() + line.size() + 1));
    line = trim_blanks(line);
    auto const key = line.substr(0, std::min(line.find(':'), line.size()));
    auto const value = key.size() < line.size() ? trim_blanks(line.substr(key.size() + 1)) : "";
    if (key == "setting") {
      auto setting = parse_setting(file, value);
      if (!setting) return setting.error();
      rule.settings.push_back(std::move(*setting));
    } else if (key == "window") {
      if (auto const duration = parse_duration(value)) {
        rule.window = *duration;
      } else {
        rule.window_setting = value;
      }
    } else if (key == "severity") {
      if (value != "urgent" && value != "warning" && value != "note") {
        return bad(file, "severity is urgent, warning or note");
      }
      rule.severity = value;
    } else if (key == "together") {
      rule.together = value;
    } else if (!line.empty()) {
      if (!rule.about.empty()) rule.about += ' ';
      rule.about += line;
    }
  }
  if (rule.about.empty()) return bad(file, "it does not say what it tells");
  if (rule.severity.empty()) return bad(file, "it has no severity");
  if (!rule.window_setting.empty()) {
    auto const* setting = rule.find(rule.window_setting);
    if (setting == nullptr || (setting->kind != AlertSetting::Kind::duration &&
                               setting->kind != AlertSetting::Kind::days)) {
      return bad(file, "window is not a duration, nor a setting that is one");
    }
  }
  return rule;
}

}  // namespace affsync
