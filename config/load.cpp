#include "config/load.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/local_user.hpp"
#include "base/yaml/node.hpp"
#include "config/alerts_section.hpp"
#include "config/environment.hpp"
#include "config/http_section.hpp"
#include "config/secrets.hpp"
#include "config/source_section.hpp"
#include "config/text_file.hpp"
#include "config/values.hpp"

namespace affsync::config {
namespace {

// Never quote it: it may contain a password.
bool is_connection(std::string const& text) {
  bool const is_url = text.starts_with("postgresql://") || text.starts_with("postgres://");
  bool const is_keywords =
      text.find("://") == std::string::npos && text.find('=') != std::string::npos;
  return is_url || is_keywords;
}

DatabaseConfig read_database(yaml::Node const& node, Environment const& env) {
  DatabaseConfig database;
  yaml::Map map(node, "database");
  if (auto const value = map.find("url")) {
    database.url = read_secret(*value, "database.url", env).reveal();
    if (!database.embedded() && !is_connection(database.url)) {
      value->fail("not a database",
                  "Write postgresql://user@host/name, a keyword string (host=... dbname=...) or "
                  "the word embedded.");
    }
  }
  if (auto const value = map.find("read_url")) {
    database.read_url = read_secret(*value, "database.read_url", env).reveal();
    if (database.embedded() || !is_connection(database.read_url)) {
      value->fail(database.embedded() ? "an embedded database has no replica" : "not a database",
                  "Write the URL or keyword string of a replica of database.url, or leave it out.");
    }
  }
  if (auto const value = map.find("connections")) {
    database.connections = static_cast<int>(value->as_integer(1, 100));
  }
  if (auto const value = map.find("state_dir")) database.state_dir = read_text(*value);
  map.finish();
  return database;
}

LogConfig read_log(yaml::Node const& node) {
  LogConfig log;
  yaml::Map map(node, "log");
  if (auto const value = map.find("level")) {
    log.level = read_word<LogLevel>(*value, "log.level",
                                    {{"trace", LogLevel::trace},
                                     {"debug", LogLevel::debug},
                                     {"info", LogLevel::info},
                                     {"warn", LogLevel::warn},
                                     {"error", LogLevel::error}});
  }
  if (auto const value = map.find("format")) {
    log.format = read_word<LogFormat>(*value, "log.format",
                                      {{"auto", LogFormat::automatic},
                                       {"text", LogFormat::text},
                                       {"json", LogFormat::json},
                                       {"journald", LogFormat::journald}});
  }
  map.finish();
  return log;
}

// Reads a duration; nullopt for `forever`.
std::optional<std::chrono::seconds> read_retention_time(yaml::Node const& node) {
  auto const text = read_text(node);
  if (text == "forever") return std::nullopt;
  auto const time = parse_duration(text);
  if (!time) {
    node.fail("not a retention time: " + node.shown(),
              "Write a duration such as 90d, or `forever`.");
  }
  return *time;
}

RetentionConfig read_retention(yaml::Node const& node) {
  RetentionConfig retention;
  yaml::Map map(node, "retention");
  if (auto const value = map.find("runs")) retention.runs = read_retention_time(*value);
  if (auto const value = map.find("quarantine")) {
    retention.quarantine = read_retention_time(*value);
  }
  if (auto const value = map.find("alerts")) retention.alerts = read_retention_time(*value);
  map.finish();
  return retention;
}

Defaults read_defaults(yaml::Node const& node) {
  Defaults defaults;
  yaml::Map map(node, "defaults");
  if (auto const value = map.find("every")) defaults.every = read_schedule(*value);
  if (auto const value = map.find("timeout")) defaults.timeout = read_timeout(*value);
  if (auto const value = map.find("privacy")) defaults.privacy = read_privacy(*value);
  if (auto const value = map.find("mass_drop")) defaults.mass_drop_limit = read_percent(*value);
  map.finish();
  return defaults;
}

Config read_config(yaml::Node const& root, std::string const& file, Environment const& given) {
  Config config;
  auto env = given;
  env.secret_files = &config.secret_files;
  config.file = file;
  if (root.is_null()) return config;  // empty, or only comments
  yaml::Map map(root, "the configuration");
  if (auto const value = map.find("database")) config.database = read_database(*value, env);
  if (auto const value = map.find("http")) config.http = read_http(*value, env);
  if (auto const value = map.find("log")) config.log = read_log(*value);
  if (auto const value = map.find("retention")) config.retention = read_retention(*value);
  Defaults defaults;
  if (auto const value = map.find("defaults")) defaults = read_defaults(*value);
  if (auto const value = map.find("instance")) config.instance = read_text(*value);
  if (auto const value = map.find("connectors_dir")) config.connectors_dir = read_text(*value);
  auto const alerts = map.find("alerts");
  auto const sources = map.find("sources");
  map.finish();  // before reading sources: reports a mistyped `defaults` instead of its
                 // consequences
  if (alerts) config.alerts = read_alerts(*alerts, env);
  if (sources) config.sources = read_sources(*sources, defaults, env);
  return config;
}

bool is_file(std::string const& path) {
  std::error_code ignored;  // an unreadable directory counts as one without a configuration
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
}

}  // namespace

Result<Config> parse_config(std::string_view yaml, std::string const& file, Environment const& env,
                            yaml::KeyWatcher const& watcher) try {
  std::vector<std::string> named;  // by variables
  auto reading = env;
  reading.secret_files = &named;
  auto const expand = [&](std::string const& written) {
    return expand_environment(written, reading);
  };
  auto config = read_config(yaml::Node::parse(yaml, file, expand, watcher, command_key), file, env);
  config.secret_files.insert(config.secret_files.end(), named.begin(), named.end());
  return config;
} catch (Failure const& failure) {
  return failure.error();
}

namespace {

// Whether something else than a broker's secret was missing.
bool misses_more(Config const& config) {
  auto const& database = config.database;
  for (auto const& text : {database.url, database.read_url, database.state_dir, config.instance,
                           config.connectors_dir}) {
    if (text.find(missing_secret) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

Result<Config> load_config(std::string const& file, Environment const& env, Secrets needed) {
  auto const unreadable = [&](std::string const& reason) {
    // The one of the directory comes before that of the service.
    std::string hint;
    if (reason == std::strerror(EACCES)) {
      hint = who_may_read(file) + " --config FILE names another.";
    }
    if (file == "./affsync.yaml") hint = "--config FILE names another, wherever you are.";
    Error error(ErrorCode::config_invalid, "cannot read the configuration: " + reason, hint);
    return error.at(file);
  };
  auto const text = read_text_file(file);
  if (!text) return unreadable(text.error().message);
  auto config = parse_config(*text, file, env);
  if (config || needed == Secrets::all || config.error().code != ErrorCode::secret_missing) {
    return config;
  }
  auto lenient = env;
  lenient.stands_in = true;
  auto rest = parse_config(*text, file, lenient);
  return rest && !misses_more(*rest) ? rest : config;
}

Result<std::string> find_config_file(std::string const& option, Environment const& env) {
  // Return a requested file even if it does not exist, so that the error names it.
  if (!option.empty()) return option;
  if (auto const variable = env("AFFSYNC_CONFIG"); variable && !variable->empty()) return *variable;
  for (auto const* path : {"./affsync.yaml", "/etc/affsync/affsync.yaml"}) {
    if (is_file(path)) return std::string(path);
  }
  return Error(ErrorCode::config_invalid,
               "no configuration: neither --config nor $AFFSYNC_CONFIG is given, and there is no "
               "./affsync.yaml and no /etc/affsync/affsync.yaml",
               "`affsync init` writes a first one. Give another with --config FILE.");
}

}  // namespace affsync::config
