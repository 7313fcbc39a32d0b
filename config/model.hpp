// The configuration as plain structs, defaults applied, secrets read. Paths are as written, so
// relative ones are relative to the current directory.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "config/schedule.hpp"

namespace affsync::config {

struct DatabaseConfig {
  // libpq URL, keyword string or the word `embedded`; may hold a password: never printed.
  std::string url = "embedded";
  int connections = 4;
  std::string state_dir = "./affsync-data";
  bool embedded() const { return url == "embedded"; }
};

struct HttpConfig {
  std::string listen = "127.0.0.1:9464";
  bool enabled = true;             // listen: "off"
  std::vector<std::string> hosts;  // names it may be asked for by, beside localhost and addresses
};

using affsync::LogLevel;
enum class LogFormat { automatic, text, json, journald };

// How long what time alone piles up is kept; nullopt: for ever.
struct RetentionConfig {
  std::optional<std::chrono::seconds> runs = std::chrono::days(90);
  std::optional<std::chrono::seconds> quarantine = std::chrono::days(90);
};

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;
};

enum class PrivacyMode { drop, hash, keep };

struct StreamConfig {
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
  std::vector<std::pair<std::string, std::string>> query;
};

struct RateLimitConfig {
  std::optional<double> requests_per_second;
  std::optional<double> burst;
  std::optional<int> concurrency;
};

struct SourceConfig {
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
  RateLimitConfig rate_limit;
  Schedule every;            // the source's, or the default
  bool every_given = false;  // the source or `defaults` says it (else the connector does)
  std::chrono::milliseconds timeout{30'000};
  PrivacyMode privacy = PrivacyMode::drop;
  std::optional<std::string> login_path;
  std::map<std::string, StreamConfig> streams;
  // file:line:column of keys that only the connector knows: "credentials.login", "settings.zone".
  std::map<std::string, std::string> places;
  double mass_drop_limit = 0.1;  // part of a stream's rows that may vanish at once
  bool reconcile_warns = false;  // `reconcile: warn`: totals that differ make no run partial
};

struct Config {
  std::string file;
  std::string
      instance;  // tells this configuration from others on the same database; empty: none given
  DatabaseConfig database;
  HttpConfig http;
  LogConfig log;
  RetentionConfig retention;
  std::string connectors_dir;  // empty: none
  std::vector<SourceConfig> sources;

  SourceConfig const* find_source(std::string_view name) const;
};

}  // namespace affsync::config
