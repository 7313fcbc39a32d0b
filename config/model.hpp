// The configuration as plain structs, defaults applied, secrets read. Paths are as written, so
// relative ones are relative to the current directory.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/source_settings.hpp"
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

using affsync::Privacy;
using affsync::RateLimitSettings;
using SourceConfig = affsync::SourceSettings;
using StreamConfig = affsync::StreamSettings;

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
