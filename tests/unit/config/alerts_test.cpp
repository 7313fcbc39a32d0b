// The section `alerts` of the configuration: what it sets, and the messages for mistakes, each with
// its exact place.
#include "config/alerts.hpp"

#include "tests/unit/config/fixture.hpp"

namespace affsync::config::alerts_test {
namespace {

constexpr char const* three_receivers = R"(alerts:
  to:
    - {name: ops, webhook: "${HOOK}", headers: {X-Key: "${KEY}"}}
    - {name: phone, telegram: {token: "123:${TOKEN}", chat: "-100123"}, timeout: 5s}
    - {name: mail, command: [/usr/bin/mail, -s, "affsync: ${title} at ${PLACE}", me@example.com]}
)";

Environment variables() {
  return environment({{"HOOK", "https://hooks.example/x?y=1"},
                      {"KEY", "k"},
                      {"TOKEN", "abc"},
                      {"PLACE", "home"},
                      {"title", "not this one"}});
}

TEST(AlertsConfig, ReceiversOfEachKind) {
  auto const alerts = read(three_receivers, variables()).alerts;
  ASSERT_EQ(alerts.receivers.size(), 3u);
  EXPECT_TRUE(alerts.configured);
  EXPECT_EQ(alerts.receivers[0].webhook->url.reveal(), "https://hooks.example/x?y=1");
  EXPECT_EQ(alerts.receivers[0].webhook->headers[0].first, "X-Key");
  EXPECT_EQ(alerts.receivers[0].webhook->headers[0].second.reveal(), "k");
  EXPECT_EQ(alerts.receivers[1].telegram->token.reveal(), "123:abc");
  EXPECT_EQ(alerts.receivers[1].telegram->chat, "-100123");
  EXPECT_EQ(alerts.receivers[1].telegram->api, "https://api.telegram.org");
  EXPECT_EQ(alerts.receivers[1].timeout, std::chrono::seconds(5));
  // ${title} is a word of the message, even if the environment has a variable of that name.
  EXPECT_EQ(*alerts.receivers[2].command,
            (std::vector<std::string>{"/usr/bin/mail", "-s", "affsync: ${title} at home",
                                      "me@example.com"}));
}

TEST(AlertsConfig, RulesAreOnUnlessSaidOtherwise) {
  auto const alerts = read(std::string(three_receivers) + R"(  rules:
    commission_lowered: {min_usd: 7.50, to: [phone, ops]}
    payout_overdue: {after: 3d}
    database_near_full: {above: 85%}
    silence: {to: mail}
    stream_late: off
    mass_drop: on
    rates_missing:
  per_hour: 5
  with: names
)",
                           variables())
                          .alerts;
  auto const& lowered = alerts.rules.at("commission_lowered");
  EXPECT_TRUE(lowered.enabled);
  EXPECT_EQ(lowered.settings.at("min_usd"), "7.50");
  EXPECT_EQ(lowered.to, (std::vector<std::string>{"phone", "ops"}));
  EXPECT_EQ(alerts.rules.at("payout_overdue").settings.at("after"), "259200");
  EXPECT_EQ(alerts.rules.at("database_near_full").settings.at("above"), "85");
  EXPECT_EQ(alerts.rules.at("silence").to, std::vector<std::string>{"mail"});
  EXPECT_FALSE(alerts.rules.at("stream_late").enabled);
  EXPECT_TRUE(alerts.rules.at("mass_drop").enabled);
  EXPECT_FALSE(alerts.rules.contains("rates_missing"));
  EXPECT_EQ(alerts.per_hour, 5);
  EXPECT_TRUE(alerts.with_names);
}

TEST(AlertsConfig, QuietHours) {
  auto const quiet = read(
                         "alerts: {quiet: {from: \"22:00\", to: \"7:05\", zone: Europe/Berlin, "
                         "except: [source_blocked]}}\n")
                         .alerts.quiet;
  ASSERT_TRUE(quiet);
  EXPECT_EQ(quiet->from, 1320);
  EXPECT_EQ(quiet->to, 425);
  EXPECT_EQ(quiet->zone, "Europe/Berlin");
  EXPECT_EQ(quiet->except, std::vector<std::string>{"source_blocked"});
}

TEST(AlertsConfig, WithoutTheSectionNobodyIsTold) {
  auto const alerts = read("http: {listen: off}\n").alerts;
  EXPECT_FALSE(alerts.configured);
  EXPECT_TRUE(alerts.receivers.empty());
  EXPECT_EQ(alerts.per_hour, 20);
  EXPECT_FALSE(alerts.with_names);
}

// A mistake in line 3, and the start of its message.
struct Mistake {
  char const* line;
  char const* message;
};

TEST(AlertsConfig, MistakesOfAReceiverAreShownWhereTheyAre) {
  for (auto const& [line, message] : std::initializer_list<Mistake>{
           {"- {name: ops, webhok: \"https://a.example\"}",
            "c.yaml:3:19: unknown key \"webhok\" in a receiver. Did you mean `webhook`?"},
           {"- {name: ops}", "c.yaml:3:7: a receiver takes one of webhook, telegram and command"},
           {"- {name: ops, webhook: \"https://a.example\", command: [/bin/true]}",
            "c.yaml:3:7: a receiver takes one of webhook, telegram and command"},
           {"- {name: ops, webhook: \"ftp://a.example/planted\"}",
            "c.yaml:3:28: a webhook must begin with https://"},
           {"- {name: ops, webhook: \"http://a.example/planted\"}",
            "c.yaml:3:28: plain http would send"},
           {"- {name: ops, webhook: \"https://u:planted@a.example/\"}",
            "c.yaml:3:28: a webhook with a user name or password"},
           {"- {name: ops, webhook: \"https://a.example/x y\"}",
            "c.yaml:3:28: a webhook with characters that must be percent-encoded"},
           {"- {name: ops, webhook: \"https:///planted\"}",
            "c.yaml:3:28: a webhook without a host"},
           {"- {name: ops, webhook: \"https://a.example\", headers: {Host: b}}",
            "c.yaml:3:59: affsync sets the header Host itself"},
           {"- {name: ops, telegram: {token: \"1:a\"}}",
            "c.yaml:3:29: telegram needs the key `chat`"},
           {"- {name: ops, telegram: {token: \"1:planted/b\", chat: \"1\"}}",
            "c.yaml:3:37: not a token of Telegram"},
           {"- {name: ops, telegram: {token: \"1:a\", chat: \"my chat\"}}",
            "c.yaml:3:50: not a chat of Telegram: \"my chat\""},
           {"- {name: ops, command: mail me}",
            "c.yaml:3:28: command must be a list of a program and its arguments"},
           {"- {name: ops, command: [mail, me]}",
            "c.yaml:3:29: the program of a command needs its whole path"},
           {"- {name: ops, command: [/bin/mail, \"${UNSET}\"]}",
            "c.yaml:3:40: the environment variable UNSET is not set"},
           {"- {name: \"a b\", command: [/bin/true]}", "c.yaml:3:14: not a name for a receiver"},
           {"- {name: ops, command: [/bin/true], timeout: 2h}",
            "c.yaml:3:50: a time limit of more"},
           {"- {name: ops, webhook: \"https://a.example\", tls: {verify: false}}",
            "c.yaml:3:55: unknown key \"verify\" in tls of a receiver. Verification cannot"},
       }) {
    auto const yaml = "alerts:\n  to:\n    " + std::string(line) + "\n";
    auto const config = parse_config(yaml, "c.yaml", environment());
    ASSERT_FALSE(config) << line;
    auto const text = config.error().to_line();
    EXPECT_TRUE(text.starts_with(message)) << text << "\nnot " << message;
    EXPECT_EQ(text.find("planted"), std::string::npos) << text;
  }
}

TEST(AlertsConfig, ARuleCanNameNobodyWhereThereIsNobody) {
  EXPECT_EQ(mistake("alerts:\n  rules:\n    payout_overdue: {to: [nobody]}\n"),
            "c.yaml:3:26: `alerts.to` names no receiver yet. Add one there, see docs/alerts.md, "
            "Receivers.");
}

TEST(AlertsConfig, MistakesOfRulesAreShownWhereTheyAre) {
  for (auto const& [line, message] : std::initializer_list<Mistake>{
           {"comission_lowered: off",
            "c.yaml:3:5: unknown word for a rule: \"comission_lowered\". "
            "Did you mean `commission_lowered`?"},
           {"commission_lowered: {min: 5}",
            "c.yaml:3:26: unknown key \"min\" in the rule commission_lowered"},
           {"commission_lowered: {min_usd: five}",
            "c.yaml:3:35: not an amount of US dollars: \"five\""},
           {"commission_lowered: {min_usd: -5}", "c.yaml:3:35: not an amount of US dollars"},
           {"payout_overdue: {after: 14}",
            "c.yaml:3:29: not a duration: \"14\". Write one such as 7d."},
           {"rates_missing: {recent: 12h}",
            "c.yaml:3:29: not whole days: \"12h\". Write some such as 14d."},
           {"payout_overdue: {to: [phnoe]}",
            "c.yaml:3:27: unknown word for a receiver: \"phnoe\". Did you mean `phone`?"},
           {"payout_overdue: maybe", "c.yaml:3:21: expected true or false, found \"maybe\""},
           {"payout_overdue: {enabled: false}",
            "c.yaml:3:22: unknown key \"enabled\" in the rule payout_overdue. Write "
            "`payout_overdue: off`."},
           {"database_near_full: {above: 120%}", "c.yaml:3:33: not a percentage"},
       }) {
    auto const yaml = "alerts:\n  rules:\n    " + std::string(line) +
                      "\n  to: [{name: phone, command: [/bin/true]}]\n";
    auto const text = mistake(yaml);
    EXPECT_TRUE(text.starts_with(message)) << text << "\nnot " << message;
  }
}

TEST(AlertsConfig, OtherMistakes) {
  EXPECT_TRUE(
      mistake("alerts: {rule: {}}\n")
          .starts_with("c.yaml:1:10: unknown key \"rule\" in alerts. Did you mean `rules`?"));
  EXPECT_TRUE(mistake("alerts: {quiet: {from: \"25:00\", to: \"7:00\"}}\n")
                  .starts_with("c.yaml:1:24: not a time of day: \"25:00\""));
  EXPECT_TRUE(mistake("alerts: {quiet: {from: \"7:00\", to: \"7:00\"}}\n")
                  .starts_with("c.yaml:1:36: quiet hours that end when they begin"));
  EXPECT_TRUE(mistake("alerts: {quiet: {from: \"1:00\", to: \"7:00\", zone: Berlin}}\n")
                  .starts_with("c.yaml:1:50: this machine knows no time zone \"Berlin\""));
  EXPECT_TRUE(mistake("alerts: {quiet: {from: \"1:00\", to: \"7:00\", except: [silens]}}\n")
                  .find("Did you mean `silence`?") != std::string::npos);
  EXPECT_TRUE(mistake("alerts:\n  to:\n  - {name: a, command: [/bin/true]}\n"
                      "  - {name: a, command: [/bin/true]}\n")
                  .starts_with("c.yaml:4:12: a second receiver named \"a\". The first is at "
                               "c.yaml:3:12."));
}

// A variable of the environment is never read as a word of the message.
TEST(AlertsConfig, AVariableThatHoldsAPlaceholderIsRefused) {
  auto const text = mistake("alerts: {to: [{name: a, command: [/bin/x, \"${V}\"]}]}\n",
                            environment({{"V", "${title}"}}));
  EXPECT_NE(text.find("the variable V holds ${"), std::string::npos) << text;
}

TEST(AlertsConfig, ACommandHasAnEnvironmentOfItsOwn) {
  auto const alerts = read(R"(alerts:
  to:
    - {name: mail, command: [/usr/bin/mail, "${title}", "${PLACE}"], environment: {_PASS: "${KEY}"}}
)",
                           variables())
                          .alerts;
  ASSERT_EQ(alerts.receivers[0].environment.size(), 1u);
  EXPECT_EQ(alerts.receivers[0].environment[0].first, "_PASS");
  EXPECT_EQ(alerts.receivers[0].environment[0].second.reveal(), "k");
  EXPECT_EQ(alerts.receivers[0].shown_variables, std::vector<std::string>{"PLACE"});
  for (auto const& [receiver, message] : std::vector<std::pair<std::string, std::string>>{
           {"webhook: \"https://h.example\", environment: {A: b}", "only a command takes"},
           {"command: [/bin/a], environment: [A]", "must be a mapping"},
           {"command: [/bin/a], environment: {1A: b}", "not a name for a variable"},
           {"command: [/bin/a], environment: {A-B: b}", "not a name for a variable"},
           {"command: [/bin/a], environment: {AFFSYNC_ALERT_TITLE: b}", "affsync sets"}}) {
    auto const told = mistake("alerts:\n  to:\n    - {name: x, " + receiver + "}\n", variables());
    EXPECT_NE(told.find(message), std::string::npos) << told;
  }
}

}  // namespace
}  // namespace affsync::config::alerts_test
