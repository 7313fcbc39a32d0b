// The configuration as plain structs, with defaults applied and secrets read. Paths are unchanged:
// relative ones are relative to the current directory.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/schedule.hpp"
#include "base/secret.hpp"
#include "base/source_settings.hpp"
#include "config/alerts.hpp"

namespace affsync::config {

struct DatabaseConfig {
  // libpq URL, keyword string or the word `embedded`. May contain a password: never log it.
  std::string url = "embedded";
  // The same for a replica that reports, status and metrics are read from; empty: none.
  std::string read_url;
  int connections = 4;
  std::string state_dir = "./affsync-data";
  bool embedded() const { return url == "embedded"; }
};

// Files in PEM. They are read again when they change, so a renewed certificate needs no restart.
struct HttpTls {
  std::string certificate;  // with the chain
  std::string key;
  friend bool operator==(HttpTls const&, HttpTls const&) = default;
};

struct HttpConfig {
  std::string listen = "127.0.0.1:9464";
  bool enabled = true;             // listen: "off"
  std::vector<std::string> hosts;  // accepted Host names, besides localhost and IP addresses
  Secret token;                    // asked of everyone who wants more than health; empty: none
  bool metrics_open = false;       // /metrics without the token
  std::optional<HttpTls> tls;
};

using affsync::LogLevel;
enum class LogFormat { automatic, text, json, journald };

// How long to keep data that grows with time alone; nullopt: forever.
struct RetentionConfig {
  std::optional<std::chrono::seconds> runs = std::chrono::days(90);
  std::optional<std::chrono::seconds> quarantine = std::chrono::days(90);
  std::optional<std::chrono::seconds> alerts = std::chrono::days(400);
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
  std::string instance;  // distinguishes configurations that share a database; empty: not given
  DatabaseConfig database;
  HttpConfig http;
  LogConfig log;
  RetentionConfig retention;
  AlertsConfig alerts;
  std::string connectors_dir;  // empty: none
  std::vector<SourceConfig> sources;
  std::vector<std::string> secret_files;  // that secrets were read from

  SourceConfig const* find_source(std::string_view name) const;
};

}  // namespace affsync::config
