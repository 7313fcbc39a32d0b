// What the configuration says of one source: read by the configuration, used by the engine, which
// makes a plan of it, and by the daemon.
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

// What becomes of personal data: left out, replaced by a hash, or kept.
enum class Privacy { drop, hash, keep };
std::string_view to_string(Privacy privacy);

// Of one stream; unset members leave what the connector or the source says.
struct StreamSettings {
  std::string where;  // file:line:column of its name
  std::optional<bool> enabled;
  std::optional<Schedule> every;
  std::optional<Schedule> full_every;
  std::optional<Day> start;
  std::optional<int> lookback_days;
  std::optional<int> keeps_days;  // how long the broker shows a row; `forever` is a very long time
  std::optional<int> page_size;
  std::optional<bool> in_reports;
  std::optional<bool> reconcile_warns;
  std::optional<std::string> path;
  // Added to the request, or replacing the parameter of that name.
  std::vector<std::pair<std::string, std::string>> query;
};

struct RateLimitSettings {
  std::optional<double> requests_per_second;
  std::optional<double> burst;
  std::optional<int> concurrency;
};

struct SourceSettings {
  std::string where;  // file:line:column of its `name`
  std::string name;
  std::string connector;
  std::string base_url;  // empty: the connector's
  std::map<std::string, Secret> credentials;
  // What the same account was called before, by the name of the credential.
  std::map<std::string, std::string> former_credentials;
  std::map<std::string, std::string> settings;
  std::string ca_file;
  bool allow_http = false;
  std::optional<Secret> proxy;  // of its own, or `none` whatever the environment says
  RateLimitSettings rate_limit;
  Schedule every;            // the source's, or the default
  bool every_given = false;  // the source or `defaults` says it (else the connector does)
  std::chrono::milliseconds timeout{30'000};
  Privacy privacy = Privacy::drop;
  std::optional<std::string> login_path;
  std::map<std::string, StreamSettings> streams;
  // file:line:column of keys that only the connector knows: "credentials.login", "settings.zone".
  std::map<std::string, std::string> places;
  double mass_drop_limit = 0.1;  // part of a stream's rows that may vanish at once
  bool reconcile_warns = false;  // `reconcile: warn`: totals that differ make no run partial
};

}  // namespace affsync
