#include "daemon/session_inputs.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "config/load.hpp"

namespace affsync::session_inputs_test {
namespace {

using Settings = SourceSettings;

config::Config configured(std::string const& lines) {
  auto const env = [](std::string const&) { return std::optional<std::string>("x"); };
  return config::parse_config(
             "sources:\n  - name: a\n    connector: exness\n    credentials: {login: a, password: "
             "b}\n" +
                 lines,
             "f.yaml", env)
      .value();
}

SessionInputs inputs_of(std::string const& lines) {
  static auto const manifests = engine::builtin_manifests().value();
  auto const config = configured(lines);
  return session_inputs(prepare_source(config.sources.at(0), manifests).value());
}

struct Case {
  std::string member;
  std::function<void(Settings&)> change;
};

// Each member that a session is made of. The two functions below do not compile any more when a
// member is added or removed; then decide whether a session depends on it.
std::vector<Case> changes_that_count() {
  auto const stream = [](auto change) {
    return [change](Settings& s) { change(s.streams["clients"]); };
  };
  return {
      {"name", [](Settings& s) { s.name = "b"; }},
      {"connector", [](Settings& s) { s.connector = "other"; }},
      {"credentials", [](Settings& s) { s.credentials["password"] = Secret("c"); }},
      {"settings", [](Settings& s) { s.settings["zone"] = "UTC"; }},
      {"ca_file", [](Settings& s) { s.ca_file = "ca.pem"; }},
      {"certificate_file", [](Settings& s) { s.certificate_file = "own.pem"; }},
      {"key_file", [](Settings& s) { s.key_file = "own.key"; }},
      {"allow_http", [](Settings& s) { s.allow_http = true; }},
      {"proxy", [](Settings& s) { s.proxy = Secret("none"); }},
      {"rate_limit.requests_per_second", [](Settings& s) { s.rate_limit.requests_per_second = 5; }},
      {"rate_limit.burst", [](Settings& s) { s.rate_limit.burst = 5; }},
      {"rate_limit.concurrency", [](Settings& s) { s.rate_limit.concurrency = 5; }},
      {"timeout", [](Settings& s) { s.timeout = std::chrono::seconds(31); }},
      {"privacy", [](Settings& s) { s.privacy = Privacy::keep; }},
      {"login_path", [](Settings& s) { s.login_path = "/v3/auth/"; }},
      {"login_url", [](Settings& s) { s.login_url = "https://login.example"; }},
      {"streams.enabled", stream([](StreamSettings& s) { s.enabled = false; })},
      {"streams.start", stream([](StreamSettings& s) { s.start = Day(); })},
      {"streams.lookback_days", stream([](StreamSettings& s) { s.lookback_days = 3; })},
      {"streams.keeps_days", stream([](StreamSettings& s) { s.keeps_days = 3; })},
      {"streams.page_size", stream([](StreamSettings& s) { s.page_size = 3; })},
      {"streams.in_reports", stream([](StreamSettings& s) { s.in_reports = false; })},
      {"streams.path", stream([](StreamSettings& s) { s.path = "/v2/rows/"; })},
      {"streams.query", stream([](StreamSettings& s) { s.query.emplace_back("a", "b"); })},
  };
}

std::vector<Case> changes_of_no_account() {
  auto const stream = [](auto change) {
    return [change](Settings& s) { change(s.streams["clients"]); };
  };
  return {
      {"where", [](Settings& s) { s.where = "f.yaml:9:9"; }},
      {"former_credentials", [](Settings& s) { s.former_credentials["login"] = "z"; }},
      {"every", [](Settings& s) { s.every = Schedule(std::chrono::seconds(60)); }},
      {"every_given", [](Settings& s) { s.every_given = true; }},
      {"places", [](Settings& s) { s.places["credentials.login"] = "f.yaml:9:9"; }},
      {"mass_drop_limit", [](Settings& s) { s.mass_drop_limit = 0.5; }},
      {"reconcile_warns", [](Settings& s) { s.reconcile_warns = true; }},
      {"streams.where", stream([](StreamSettings& s) { s.where = "f.yaml:9:9"; })},
      {"streams.every",
       stream([](StreamSettings& s) { s.every = Schedule(std::chrono::seconds(60)); })},
      {"streams.full_every",
       stream([](StreamSettings& s) { s.full_every = Schedule(std::chrono::seconds(60)); })},
      {"streams.reconcile_warns", stream([](StreamSettings& s) { s.reconcile_warns = true; })},
  };
}

std::size_t members_of_settings() {
  Settings source;
  StreamSettings stream;
  RateLimitSettings rate;
  [[maybe_unused]] auto& [where, name, connector, base_url, credentials, former_credentials,
                          settings, ca_file, certificate_file, key_file, allow_http, proxy,
                          rate_limit, every, every_given, timeout, privacy, login_path, login_url,
                          streams, places, mass_drop_limit, reconcile_warns] = source;
  [[maybe_unused]] auto& [its_where, enabled, its_every, full_every, start, lookback_days,
                          keeps_days, page_size, in_reports, its_reconcile_warns, path, query] =
      stream;
  [[maybe_unused]] auto& [requests_per_second, burst, concurrency] = rate;
  // Of the source, the two that have members of their own aside; then theirs.
  return 23 - 2 + 12 + 3;
}

// Two plans of one source, the second of which has other settings.
bool is_kept(std::function<void(Settings&)> const& change) {
  static auto const manifests = engine::builtin_manifests().value();
  static auto const config = configured("");
  auto const before = prepare_source(config.sources.at(0), manifests).value();
  auto changed = config.sources.at(0);
  change(changed);
  EXPECT_NE(changed, config.sources.at(0));
  auto after = before;
  after.config = &changed;
  return session_inputs(before) == session_inputs(after);
}

TEST(SessionInputs, EachMemberOfTheSettingsThatASessionIsMadeOfAsksForAnother) {
  for (auto const& one : changes_that_count()) EXPECT_FALSE(is_kept(one.change)) << one.member;
}

TEST(SessionInputs, TheOthersLeaveTheSessionAlone) {
  for (auto const& one : changes_of_no_account()) EXPECT_TRUE(is_kept(one.change)) << one.member;
}

// `base_url` alone is not in the lists: what it leads to is compared, below.
TEST(SessionInputs, NoMemberOfTheSettingsIsForgotten) {
  EXPECT_EQ(changes_that_count().size() + changes_of_no_account().size() + 1,
            members_of_settings());
}

// 5 requests a second are the connector's own rate; stated by the configuration, they are a limit.
TEST(SessionInputs, ALimitOfTheConnectorsOwnRateIsAnotherLimit) {
  EXPECT_NE(inputs_of(""), inputs_of("    rate_limit: {requests_per_second: 5}\n"));
  EXPECT_EQ(inputs_of("    rate_limit: {requests_per_second: 5}\n"),
            inputs_of("    rate_limit: {requests_per_second: 5}\n    every: 1h\n"));
}

TEST(SessionInputs, AnotherAddressIsAnotherSession) {
  EXPECT_NE(inputs_of(""), inputs_of("    base_url: https://broker.example\n"));
  EXPECT_EQ(inputs_of("    base_url: https://broker.example\n"),
            inputs_of("    base_url: https://broker.example/\n"));
}

}  // namespace
}  // namespace affsync::session_inputs_test
