#include "base/alert_rules.hpp"
#include "tests/support/places/places.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace affsync::alert_rules_test {
namespace {

EmbeddedFile file_of(std::string_view text) {
  return EmbeddedFile{"07_some_rule.sql", text};
}

TEST(AlertRules, AreAllThere) {
  std::set<std::string> names;
  for (auto const& rule : alert_rules()) names.insert(rule.name);
  std::set<std::string> const wanted{"source_blocked",     "stream_failing", "stream_late",
                                     "never_succeeded",    "totals_differ",  "rows_quarantined",
                                     "mass_drop",          "coverage_gap",   "payout_overdue",
                                     "commission_lowered", "payout_refused", "commission_vanished",
                                     "balance_dropped",    "silence",        "unknown_word",
                                     "shape_changed",      "rates_missing",  "database_near_full"};
  for (auto const& name : wanted) EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_EQ(find_alert_rule("no_such_rule"), nullptr);
}

TEST(AlertRules, TellTheirSettingsInTheirFirstLines) {
  auto const* rule = find_alert_rule("payout_overdue");
  ASSERT_NE(rule, nullptr);
  auto const* after = rule->find("after");
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->kind, AlertSetting::Kind::duration);
  EXPECT_EQ(after->fallback, "7d");
  EXPECT_FALSE(after->about.empty());
  EXPECT_EQ(rule->find("min_lots"), nullptr);
}

TEST(AlertRules, AreDescribedWithTheirSettingsAndDefaults) {
  std::ifstream in(test::in_source("docs/alerts.md"));
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  for (auto const& rule : alert_rules()) {
    auto const begin = text.find("| `" + rule.name + "` | *");
    ASSERT_NE(begin, std::string::npos) << rule.name;
    auto const line = text.substr(begin, text.find('\n', begin) - begin);
    for (auto const& setting : rule.settings) {
      auto const value = setting.name + ": " + setting.fallback;
      bool const found = line.find('`' + value + '`') != std::string::npos ||
                         line.find('`' + setting.name + '`') != std::string::npos;
      EXPECT_TRUE(found) << rule.name << ' ' << value;
    }
  }
}

TEST(AlertRules, AFileSaysAllThereIsToKnow) {
  auto const rule = parse_alert_rule(file_of("-- Tells of rain.\n-- And of snow.\n"
                                             "-- severity: note\n-- window: 3d\n"
                                             "-- together: {source}: {count} showers\n"
                                             "-- setting: min_usd usd 0.50 So much, at least.\n"
                                             "SELECT 1 -- window: 9d\n"))
                        .value();
  EXPECT_EQ(rule.name, "some_rule");
  EXPECT_EQ(rule.about, "Tells of rain. And of snow.");
  EXPECT_EQ(rule.severity, "note");
  EXPECT_EQ(rule.window, std::chrono::days(3));
  EXPECT_EQ(rule.together, "{source}: {count} showers");
  ASSERT_EQ(rule.settings.size(), 1U);
  EXPECT_EQ(rule.settings[0].fallback, "0.50");
  EXPECT_EQ(rule.settings[0].about, "So much, at least.");
}

TEST(AlertRules, AWindowMayBeASetting) {
  auto const rule = parse_alert_rule(file_of("-- Tells of rain.\n-- severity: note\n"
                                             "-- window: recent\n"
                                             "-- setting: recent days 14d So long ago.\n"))
                        .value();
  EXPECT_EQ(rule.window_setting, "recent");
  EXPECT_EQ(rule.window, std::nullopt);
}

TEST(AlertRules, AFileThatIsWrongIsRefused) {
  for (auto const* text :
       {"SELECT 1", "-- Tells.\nSELECT 1", "-- Tells.\n-- severity: high\n",
        "-- Tells.\n-- setting: after days 3 How long.\n",
        "-- Tells.\n-- setting: after duration 3 How long.\n",
        "-- Tells.\n-- setting: after duration 3d\n",
        "-- Tells.\n-- severity: note\n-- window: often\n",
        "-- Tells.\n-- severity: note\n-- window: rows\n-- setting: rows count 3 So many.\n"}) {
    auto const rule = parse_alert_rule(file_of(text));
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().code, ErrorCode::config_invalid);
    EXPECT_EQ(rule.error().where, "07_some_rule.sql");
  }
  EXPECT_FALSE(parse_alert_rule(EmbeddedFile{"rule.sql", "-- Tells.\n"}));
}

TEST(AlertRules, SettingsAreReadByTheirKind) {
  AlertSetting setting;
  setting.name = "x";
  auto const read = [&](AlertSetting::Kind kind, std::string_view text) {
    setting.kind = kind;
    auto const value = read_alert_setting(setting, text);
    return value ? *value : "refused";
  };
  using Kind = AlertSetting::Kind;
  EXPECT_EQ(read(Kind::usd, "0.50"), "0.50");
  EXPECT_EQ(read(Kind::usd, "-1"), "refused");
  EXPECT_EQ(read(Kind::usd, "5 USD"), "refused");
  EXPECT_EQ(read(Kind::usd, "1.2.3"), "refused");
  EXPECT_EQ(read(Kind::duration, "14d"), "1209600");
  EXPECT_EQ(read(Kind::duration, "14"), "refused");
  EXPECT_EQ(read(Kind::days, "14d"), "1209600");
  for (auto const* text : {"12h", "0d", "36h", "d", "-1d", "1d12h"}) {
    EXPECT_EQ(read(Kind::days, text), "refused") << text;
  }
  EXPECT_EQ(read(Kind::count, "3"), "3");
  EXPECT_EQ(read(Kind::count, "0"), "refused");
  EXPECT_EQ(read(Kind::count, "3.5"), "refused");
  EXPECT_EQ(read(Kind::percent, "12.5%"), "12.5");
  EXPECT_EQ(read(Kind::percent, "12.5"), "refused");
}

}  // namespace
}  // namespace affsync::alert_rules_test
