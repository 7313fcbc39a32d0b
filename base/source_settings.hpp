// The settings of one source. config/ reads them; the engine and the daemon use them.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/schedule.hpp"
#include "base/secret.hpp"

namespace affsync {

// How to treat personal data: omit it, replace it by a hash, or keep it.
enum class Privacy { drop, hash, keep };
std::string_view to_string(Privacy privacy);

// Settings of one stream. For unset members the connector or the source decides.
struct StreamSettings {
  std::string where;  // file:line:column of the stream's name
  std::optional<bool> enabled;
  std::optional<Schedule> every;
  std::optional<Schedule> full_every;
  std::optional<Day> start;
  std::optional<int> lookback_days;
  std::optional<int>
      keeps_days;  // how long the broker lists a row; `forever` is a very large value
  std::optional<int> page_size;
  std::optional<bool> in_reports;
  std::optional<bool> reconcile_warns;
  std::optional<std::string> path;
  // Query parameters to add to the request; they replace parameters of the same name.
  std::vector<std::pair<std::string, std::string>> query;
  friend bool operator==(StreamSettings const&, StreamSettings const&) = default;
};

struct RateLimitSettings {
  std::optional<double> requests_per_second;
  std::optional<double> burst;
  std::optional<int> concurrency;
  friend bool operator==(RateLimitSettings const&, RateLimitSettings const&) = default;
};

struct SourceSettings {
  std::string where;  // file:line:column of its `name`
  std::string name;
  std::string connector;
  std::string base_url;  // empty: the connector's default
  std::map<std::string, Secret> credentials;
  // Earlier values of credentials that identify the account, by the name of the credential.
  std::map<std::string, std::string> former_credentials;
  std::map<std::string, std::string> settings;
  std::string ca_file;
  std::string certificate_file, key_file;  // of TLS, for brokers that demand one of their clients
  bool allow_http = false;
  std::optional<Secret> proxy;  // a URL, or `none`; either overrides the environment
  RateLimitSettings rate_limit;
  Schedule every;            // of the source, of `defaults`, or the built-in default
  bool every_given = false;  // `every` was configured; if not, the connector decides
  std::chrono::milliseconds timeout{30'000};
  Privacy privacy = Privacy::drop;
  std::optional<std::string> login_path;
  std::string login_url;  // of the login; empty: the connector's, or that of the source
  std::map<std::string, StreamSettings> streams;
  // file:line:column of keys that only the connector can check: "credentials.login",
  // "settings.zone".
  std::map<std::string, std::string> places;
  double mass_drop_limit = 0.1;  // fraction of a stream's rows that may vanish at once
  bool reconcile_warns = false;  // `reconcile: warn`: differing totals do not make a run partial
  friend bool operator==(SourceSettings const&, SourceSettings const&) = default;
};

}  // namespace affsync
