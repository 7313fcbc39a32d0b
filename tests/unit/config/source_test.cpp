// One source of the configuration and its streams, rule by rule.
#include <gtest/gtest.h>

#include "fixture.hpp"

namespace affsync::config::source_test {
namespace {

using namespace std::chrono;

SourceConfig source(std::string const& line, Environment const& env = environment()) {
  auto const config = read(source_with(line), env);
  return config.sources.empty() ? SourceConfig() : config.sources.front();
}

StreamConfig stream(std::string const& options) {
  auto const read_source = source("streams: {rewards: {" + options + "}}");
  auto const found = read_source.streams.find("rewards");
  return found == read_source.streams.end() ? StreamConfig() : found->second;
}

// The error for stream options, which begin at 4:25.
std::string stream_mistake(std::string const& options) {
  return mistake(source_with("streams: {rewards: {" + options + "}}"));
}

TEST(Source, EverythingIsRead) {
  Config const config = read(R"(
sources:
  - name: exness-main
    connector: exness
    base_url: https://my.exnessaffiliates.com
    credentials: {login: partner@example.com, password: "${EXNESS_PASSWORD}"}
    settings: {timezone: Europe/Moscow, page: 5}
    tls: {ca_file: /path/ca.pem, certificate_file: /path/own.pem, key_file: /path/own.key}
    rate_limit: {requests_per_second: 2.5, burst: 5, concurrency: 2}
    every: 20m
    timeout: 45s
    privacy: hash
    mass_drop: 25%
    login: {path: /api/v2/auth/}
    streams:
      rewards: {every: 0 6 * * *, full_every: 7d, start: 2025-01-01, lookback: 7d, page_size: 500}
      orders: {enabled: true}
      payouts: {path: /api/v1/payouts/, query: {b: "2", a: x}}
      wallets:
)",
                             environment({{"EXNESS_PASSWORD", "pw"}}));
  ASSERT_EQ(config.sources.size(), 1u);
  auto const& main = config.sources[0];
  EXPECT_EQ(main.where, "c.yaml:3:11");
  EXPECT_EQ(main.name, "exness-main");
  EXPECT_EQ(main.connector, "exness");
  EXPECT_EQ(main.base_url, "https://my.exnessaffiliates.com");
  EXPECT_EQ(main.credentials.at("login").reveal(), "partner@example.com");
  EXPECT_EQ(main.credentials.at("password").reveal(), "pw");
  EXPECT_EQ(main.settings.at("timezone"), "Europe/Moscow");
  EXPECT_EQ(main.settings.at("page"), "5");
  EXPECT_EQ(main.ca_file, "/path/ca.pem");
  EXPECT_EQ(main.certificate_file, "/path/own.pem");
  EXPECT_EQ(main.key_file, "/path/own.key");
  EXPECT_FALSE(main.allow_http);
  EXPECT_EQ(main.rate_limit.requests_per_second, 2.5);
  EXPECT_EQ(main.rate_limit.burst, 5);
  EXPECT_EQ(main.rate_limit.concurrency, 2);
  EXPECT_EQ(main.every.interval(), minutes(20));
  EXPECT_TRUE(main.every_given);
  EXPECT_EQ(main.timeout, seconds(45));
  EXPECT_EQ(main.privacy, Privacy::hash);
  EXPECT_DOUBLE_EQ(main.mass_drop_limit, 0.25);
  EXPECT_EQ(main.login_path, "/api/v2/auth/");

  ASSERT_EQ(main.streams.size(), 4u);
  auto const& rewards = main.streams.at("rewards");
  EXPECT_EQ(rewards.where, "c.yaml:16:7");
  EXPECT_EQ(rewards.every->text(), "0 6 * * *");
  EXPECT_EQ(rewards.full_every->interval(), days(7));
  EXPECT_EQ(rewards.start, sys_days(year(2025) / January / 1));
  EXPECT_EQ(rewards.lookback_days, 7);
  EXPECT_EQ(rewards.page_size, 500);
  EXPECT_EQ(rewards.enabled, std::nullopt);
  EXPECT_EQ(main.streams.at("orders").enabled, true);
  auto const& payouts = main.streams.at("payouts");
  EXPECT_EQ(payouts.path, "/api/v1/payouts/");
  ASSERT_EQ(payouts.query.size(), 2u);
  EXPECT_EQ(payouts.query[0], (std::pair<std::string, std::string>("b", "2")));
  EXPECT_EQ(payouts.query[1], (std::pair<std::string, std::string>("a", "x")));
  EXPECT_EQ(main.streams.at("wallets").path, std::nullopt);
  EXPECT_EQ(config.find_source("exness-main"), &main);
  EXPECT_EQ(config.find_source("other"), nullptr);
}

TEST(Source, LeastIsNameAndConnector) {
  auto const least = source("");
  EXPECT_EQ(least.base_url, "");
  EXPECT_FALSE(least.every_given);
  EXPECT_EQ(least.every.interval(), minutes(15));
  EXPECT_EQ(least.timeout, seconds(30));
  EXPECT_EQ(least.privacy, Privacy::drop);
  EXPECT_DOUBLE_EQ(least.mass_drop_limit, 0.1);
  EXPECT_EQ(least.login_path, std::nullopt);
  EXPECT_EQ(least.rate_limit.burst, std::nullopt);
  EXPECT_EQ(mistake("sources: [{name: a}]"), "c.yaml:1:11: a source needs the key `connector`");
  EXPECT_EQ(mistake("sources: [{connector: a}]"), "c.yaml:1:11: a source needs the key `name`");
  EXPECT_EQ(mistake("sources: [{name: a, connector: ''}]"), "c.yaml:1:32: an empty text");
}

TEST(Source, DefaultsHoldUnlessItSaysOtherwise) {
  Config const config = read(R"(
sources:
  - {name: a, connector: x}
  - {name: b, connector: x, every: 1h, timeout: 5s, privacy: drop, mass_drop: 0%}
defaults: {every: 5m, timeout: 10s, privacy: keep, mass_drop: 50%}
)");
  auto const &a = config.sources.at(0), &b = config.sources.at(1);
  EXPECT_EQ(a.every.interval(), minutes(5));
  EXPECT_TRUE(a.every_given);
  EXPECT_EQ(a.timeout, seconds(10));
  EXPECT_EQ(a.privacy, Privacy::keep);
  EXPECT_DOUBLE_EQ(a.mass_drop_limit, 0.5);
  EXPECT_EQ(b.every.interval(), hours(1));
  EXPECT_EQ(b.timeout, seconds(5));
  EXPECT_EQ(b.privacy, Privacy::drop);
  EXPECT_DOUBLE_EQ(b.mass_drop_limit, 0);
}

TEST(Source, NamesAreLimited) {
  std::string const longest(64, 'x');
  for (auto const& name :
       {std::string("a"), std::string("A.b_c-9"), std::string("2024"), longest}) {
    auto const config = read("sources: [{connector: x, name: " + name + "}]");
    ASSERT_EQ(config.sources.size(), 1u);
    EXPECT_EQ(config.sources[0].name, name);
  }
  for (auto const& name :
       {std::string("a b"), std::string("ü"), std::string("a/b"), std::string("a:b"), std::string(),
        longest + "x", std::string("a\tb"), std::string("."), std::string("..")}) {
    auto const message = mistake("sources: [{connector: x, name: \"" + name + "\"}]");
    EXPECT_EQ(message.substr(0, 38), "c.yaml:1:32: not a name for a source: ") << name;
  }
}

TEST(Source, ALoginHasAPathOrAnAddress) {
  auto const both = source("login: {path: /in, url: \"HTTPS://login.example:443/v1\"}");
  EXPECT_EQ(both.login_path, "/in");
  EXPECT_EQ(both.login_url, "https://login.example:443/v1");
  EXPECT_EQ(source("login: {url: https://login.example}").login_path, std::nullopt);
  EXPECT_EQ(mistake(source_with("login: {}")), "c.yaml:4:12: login needs a `path` or a `url`");
  EXPECT_EQ(mistake(source_with("login: {url: http://login.example}")),
            "c.yaml:4:18: plain http would send the credentials unencrypted. Use https://, or set "
            "`allow_http: true` at this source if you must.");
  EXPECT_EQ(mistake(source_with("login: {url: ftp://login.example}")),
            "c.yaml:4:18: a url of a login must begin with https://");
  EXPECT_EQ(mistake(source_with("login: {url: file:///etc}")),
            "c.yaml:4:18: a url of a login must begin with https://");
  EXPECT_EQ(mistake(source_with("login: {url: \"https://a:b@login.example\"}")),
            "c.yaml:4:18: a url of a login with a user name or password. Put them into "
            "`credentials`.");
}

TEST(Source, SecondOfTheSameNameIsRefusedWithBothPlaces) {
  EXPECT_EQ(mistake("sources:\n  - {name: a, connector: x}\n  - {name: a, connector: y}\n"),
            "c.yaml:3:12: a second source named \"a\". The first is at c.yaml:2:12.");
}

TEST(Source, UnknownKeysNameTheNearest) {
  EXPECT_EQ(mistake(source_with("evry: 5m")),
            "c.yaml:4:5: unknown key \"evry\" in a source. Did you mean `every`?");
  EXPECT_EQ(mistake(source_with("rate_limit: {burts: 1}")),
            "c.yaml:4:18: unknown key \"burts\" in rate_limit. Did you mean `burst`?");
  EXPECT_EQ(mistake(source_with("login: {path: /x, pth: 1}")),
            "c.yaml:4:23: unknown key \"pth\" in login. Did you mean `path`?");
  EXPECT_EQ(stream_mistake("lookbck: 7d"),
            "c.yaml:4:25: unknown key \"lookbck\" in a stream. Did you mean `lookback`?");
  EXPECT_EQ(mistake(source_with("password: hunter2")),
            "c.yaml:4:5: unknown key \"password\" in a source. Put it into `credentials`.");
}

TEST(Source, VerificationCannotBeTurnedOff) {
  for (std::string const key : {"verify", "verify_peer", "insecure", "skip_verify"}) {
    EXPECT_EQ(mistake(source_with("tls: {" + key + ": off}")),
              "c.yaml:4:11: unknown key \"" + key +
                  "\" in tls. Verification cannot be turned off: it protects the credentials from "
                  "impostors. Trust a private certificate with `ca_file`.");
  }
}

TEST(Source, ACertificateOfOursNeedsItsKey) {
  EXPECT_EQ(mistake(source_with("tls: {certificate_file: a.pem}")),
            "c.yaml:4:29: tls needs both certificate_file and key_file. A file with both, such as "
            "PEM files of some brokers, is named twice.");
  EXPECT_EQ(mistake(source_with("tls: {key_file: a.key}")).substr(0, 52),
            "c.yaml:4:21: tls needs both certificate_file and key");
  EXPECT_EQ(mistake(source_with("tls: {certificate: a.pem}")),
            "c.yaml:4:11: unknown key \"certificate\" in tls. Did you mean `certificate_file`?");
}

// As a key of a container's environment: the message must not show it.
TEST(Source, AKeyInPlaceOfTheNameOfItsFileIsNotShown) {
  std::string const pem =
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----";
  auto const env = environment({{"KEY", pem}});
  std::string const told =
      "this is the content of a file, and not its name. Put it into a file that only affsync's "
      "user may read, and write the file's name.";
  EXPECT_EQ(mistake(source_with("tls: {certificate_file: a.pem, key_file: \"${KEY}\"}"), env),
            "c.yaml:4:46: " + told);
  EXPECT_EQ(mistake(source_with("tls: {certificate_file: \"${KEY}\", key_file: a.key}"), env),
            "c.yaml:4:29: " + told);
  EXPECT_EQ(mistake(source_with("tls: {ca_file: \"${KEY}\"}"), env), "c.yaml:4:20: " + told);
  EXPECT_EQ(mistake("http: {tls: {certificate: a.pem, key: \"${KEY}\"}}", env),
            "c.yaml:1:39: " + told);
}

TEST(Source, BaseUrlIsHttpsOrLoopback) {
  for (auto const* url :
       {"https://h", "https://h:8443/base/", "https://[2001:db8::1]:443", "http://localhost",
        "http://127.0.0.1:8080/x", "http://[::1]:80", "http://127.1.2.3"}) {
    EXPECT_EQ(source(std::string("base_url: '") + url + "'").base_url, url);
  }
  EXPECT_EQ(source("base_url: HTTPS://Broker.example/Base").base_url,
            "https://Broker.example/Base");
  EXPECT_EQ(source("base_url: 'https://broker.example:'").base_url, "https://broker.example");
  EXPECT_EQ(source("base_url: 'https://[2001:db8::1]:/x'").base_url, "https://[2001:db8::1]/x");
  EXPECT_EQ(source("base_url: https://xn--e1afmkfd.example").base_url,
            "https://xn--e1afmkfd.example");
  EXPECT_EQ(mistake(source_with("base_url: https://пример.example")),
            "c.yaml:4:15: a base_url whose host is not in ASCII. Write its ASCII form, "
            "xn--…; `idn2 NAME` prints it.");
  EXPECT_EQ(mistake(source_with("base_url: http://broker.example")),
            "c.yaml:4:15: plain http would send the credentials unencrypted. Use https://, or set "
            "`allow_http: true` at this source if you must.");
  EXPECT_EQ(mistake(source_with("base_url: http://127.0.0.1.evil.example")).substr(0, 24),
            "c.yaml:4:15: plain http ");
  EXPECT_EQ(mistake(source_with("base_url: http://localhost.evil.example")).substr(0, 24),
            "c.yaml:4:15: plain http ");
  auto const allowed = source("base_url: http://broker.example\n    allow_http: true");
  EXPECT_TRUE(allowed.allow_http);
  for (auto const* url : {"h", "ftp://h", "//h", "https://", "https:///x", "https://h?a=b",
                          "https://h/#x", "https://h:0", "https://h:70000", "https://h:x",
                          "https://h /x", "https://h\\\\x", "https://пример", "https://"}) {
    EXPECT_EQ(mistake(source_with(std::string("base_url: '") + url + "'")).substr(0, 13),
              "c.yaml:4:15: ")
        << url;
  }
}

TEST(Source, CredentialsInABaseUrlAreRefusedUnquoted) {
  EXPECT_EQ(mistake(source_with("base_url: https://user:hunter2@h")),
            "c.yaml:4:15: a base_url with a user name or password. Put them into `credentials`.");
}

TEST(Source, TimeLimitIsASecondToAnHour) {
  EXPECT_EQ(source("timeout: 1h").timeout, hours(1));
  EXPECT_EQ(mistake(source_with("timeout: 2h")),
            "c.yaml:4:14: a time limit of more than an hour. Write one from 1s to 1h.");
  EXPECT_EQ(mistake(source_with("timeout: 30")),
            "c.yaml:4:14: a duration without a unit. Write a whole number with its unit: 30s, 15m, "
            "6h or 1d.");
}

TEST(Source, MassDropIsAPercentage) {
  EXPECT_DOUBLE_EQ(source("mass_drop: 2.5%").mass_drop_limit, 0.025);
  EXPECT_DOUBLE_EQ(source("mass_drop: 100%").mass_drop_limit, 1);
  for (auto const* wrong : {"10", "0.1", "101%", "-1%", "10 %", "%", "nan%", "10%%"}) {
    EXPECT_EQ(mistake(source_with(std::string("mass_drop: '") + wrong + "'")),
              std::string("c.yaml:4:16: not a percentage: \"") + wrong +
                  "\". Write 0% to 100%, such as 10%.");
  }
}

TEST(Source, RateLimitsHaveLimits) {
  for (auto const* wrong :
       {"requests_per_second: 0", "requests_per_second: -1", "requests_per_second: nan",
        "burst: 0.5", "concurrency: 0", "concurrency: 65", "concurrency: 1.5"}) {
    EXPECT_NE(mistake(source_with(std::string("rate_limit: {") + wrong + "}")), "no error")
        << wrong;
  }
}

TEST(Stream, ScheduleIsADurationOrACronLine) {
  EXPECT_EQ(stream("every: '*/5 8-18 * * mon-fri'").every->text(), "*/5 8-18 * * mon-fri");
  EXPECT_EQ(stream_mistake("every: 15"),
            "c.yaml:4:32: a duration without a unit. Write a whole number with its unit: 30s, 15m, "
            "6h or 1d. Or a cron line of five fields in UTC, such as \"0 6 * * *\".");
  EXPECT_EQ(stream_mistake("every: 0 25 * * *").substr(0, 69),
            "c.yaml:4:32: the hour field of the cron line: a number out of its ran");
}

TEST(Stream, StartIsADay) {
  EXPECT_EQ(stream("start: '2024-02-29'").start, sys_days(year(2024) / February / 29));
  EXPECT_EQ(stream_mistake("start: 2025-02-29"),
            "c.yaml:4:32: not a date: \"2025-02-29\". Write year-month-day: 2025-01-31.");
}

TEST(Stream, LookbackIsANumberOfDays) {
  EXPECT_EQ(stream("lookback: 0d").lookback_days, 0);
  for (auto const* wrong : {"7", "7h", "-1d", "7 d", "d", "3661d", "1.5d", "7dd"}) {
    EXPECT_EQ(stream_mistake(std::string("lookback: '") + wrong + "'"),
              std::string("c.yaml:4:35: not a number of days: \"") + wrong +
                  "\". Write 0d to 3660d, such as 7d.");
  }
}

TEST(Stream, PathStaysAtTheSourcesHost) {
  EXPECT_EQ(stream("path: /a/b%20c/").path, "/a/b%20c/");
  for (auto const* wrong : {"https://evil.example/x", "//evil.example/x", "x/y", "", "/a?b=c",
                            "/a#b", "/a b", "/ü", "/\\r\\nX", "/a/../b", "/%2e%2e/b", "/a/."}) {
    EXPECT_EQ(stream_mistake(std::string("path: \"") + wrong + "\"").substr(0, 13), "c.yaml:4:31: ")
        << wrong;
  }
  EXPECT_EQ(mistake(source_with("login: {path: //evil}")),
            "c.yaml:4:19: a path with a host. Requests go to the source's base_url only; write the "
            "path.");
}

TEST(Stream, PageSizeAndSwitchAreChecked) {
  EXPECT_EQ(stream_mistake("page_size: 0"),
            "c.yaml:4:36: expected a whole number from 1 to 100000, found \"0\"");
  EXPECT_EQ(stream_mistake("enabled: perhaps"),
            "c.yaml:4:34: expected true or false, found \"perhaps\"");
  EXPECT_EQ(stream("enabled: no").enabled, false);
}

TEST(Stream, WrongShapesSaySo) {
  EXPECT_EQ(
      mistake(source_with("streams: [rewards]")),
      "c.yaml:4:14: streams must be a mapping of stream names to their options. Such as: streams: "
      "{rewards: {enabled: true}, orders: {enabled: false}}. For a stream that is not named, "
      "the connector decides.");
  EXPECT_EQ(mistake(source_with("streams: {rewards: off}")),
            "c.yaml:4:24: expected a stream as a mapping, found a text");
  EXPECT_EQ(stream_mistake("query: {a: [1]}"), "c.yaml:4:36: expected a text, found a list");
  EXPECT_EQ(mistake(source_with("settings: {zone: {}}")),
            "c.yaml:4:22: expected a text, found a mapping");
}

}  // namespace
}  // namespace affsync::config::source_test
