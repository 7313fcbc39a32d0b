// The commands, each in its own file. Every function returns the exit status. It may throw Failure,
// which the caller (command_line.cpp) prints and turns into the exit status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "daemon/reports/plan.hpp"
#include "schema/store/migrate.hpp"

namespace affsync::cli {

enum class Output { table, json, csv };

struct CommonOptions {
  std::string config_file;  // --config; empty: the default files
  bool verbose = false;     // --verbose

  // Overrides the level of the configuration: debug with --verbose.
  std::optional<LogLevel> log_level() const {
    return verbose ? std::optional(LogLevel::debug) : std::nullopt;
  }
};

struct SyncOptions {
  std::vector<std::string> sources, streams;
  bool full = false;
  std::optional<Day> since, until;
  bool dry_run = false;
  bool quiet = false;        // prints nothing unless something needs attention
  bool retry_login = false;  // tries blocked logins and keys as well
  Output output = Output::table;
};

struct ImportOptions {
  std::vector<std::string> files;
  std::string source, stream;  // stream empty: found by the file's name
  std::optional<Day> since, until;
  bool dry_run = false;
  Output output = Output::table;
};

struct CheckOptions {
  std::vector<std::string> sources;
  bool retry_login = false;  // tries blocked logins and keys as well
  bool database = true;      // false: only the brokers
  Output output = Output::table;
};

struct InitOptions {
  std::string connector, name, base_url;
  std::vector<std::string> settings;     // --set KEY=VALUE
  std::vector<std::string> credentials;  // --credential NAME=VALUE, NAME=@FILE, NAME=env:VARIABLE
  std::string database;                  // `embedded`, `local` or a URL; empty: ask, or embedded
  bool add = false;                      // add the source to an existing configuration
  bool force = false;                    // replace an existing configuration
  bool check = true;                     // try everything before it is written
  bool yes = false;                      // ask nothing
};

struct InspectOptions {
  std::string source, stream;
  int rows = 3;
};

struct ProofOptions {
  std::string connector;  // a file, or the name of a known connector
  std::string fixtures;   // --fixtures; empty: the folder of the connector's name beside the file
  std::string database;   // --database; empty: a private one that is thrown away
  Output output = Output::table;
};

struct RecordOptions {
  std::string source;
  std::vector<std::string> streams;  // --stream
  std::string to;                    // --to; empty: a folder of the connector's name
};

struct QuarantineOptions {
  std::string source, stream;     // --source, --stream; empty: all
  bool all = false;               // for the list: include accepted rows
  std::vector<std::int64_t> ids;  // for show and accept
  std::string because;            // for accept: --reason
  Output output = Output::table;
};

struct AlertsOptions {
  bool open = false;               // for the list: only what is open, which is the default
  bool all = false;                // for the list: closed ones too
  std::string source;              // --source; empty: all
  std::vector<std::string> names;  // for test: receivers; empty: all
  std::string what;                // for mute and unmute: a rule, or the number of an alert
  std::optional<Day> until;        // for mute
  std::string because;             // for mute: --reason
  Output output = Output::table;
};

struct BackupOptions {
  std::string file;
  bool replace = false;  // backup: an existing file; restore: an existing embedded database
};

struct RemoveOptions {
  std::string name;
  bool with_data = false;
  bool dry_run = false;
  bool yes = false;    // does not ask
  bool force = false;  // also a source that a configuration of another daemon contains
};

struct PruneOptions {
  bool dry_run = false;
  Output output = Output::table;
};

int run_daemon(CommonOptions const& common);
int run_sync(CommonOptions const& common, SyncOptions const& options);
int run_import(CommonOptions const& common, ImportOptions const& options);
int run_init(CommonOptions const& common, InitOptions const& options);
int run_check(CommonOptions const& common, CheckOptions const& options);
int run_inspect(CommonOptions const& common, InspectOptions const& options);
int run_migrate(CommonOptions const& common, schema::MigrationRequest const& request);
int run_backup(CommonOptions const& common, BackupOptions const& options);
int run_restore(CommonOptions const& common, BackupOptions const& options);
int run_sources(CommonOptions const& common, Output output);
int run_sources_remove(CommonOptions const& common, RemoveOptions const& options);
// Moves the embedded database to the newest PostgreSQL of this machine.
int run_upgrade_database(CommonOptions const& common, bool dry_run);
int run_psql(CommonOptions const& common, std::vector<std::string> const& arguments);
int run_prune(CommonOptions const& common, PruneOptions const& options);
int run_status(CommonOptions const& common, Output output);
int run_report(CommonOptions const& common, reports::ReportOptions const& options, Output output);
int run_connectors(CommonOptions const& common, std::string const& name, Output output);
int run_connectors_new(std::string const& file, std::string const& name, std::string const& url);
int run_connectors_test(CommonOptions const& common, ProofOptions const& options);
int run_connectors_record(CommonOptions const& common, RecordOptions const& options);
int run_quarantine_list(CommonOptions const& common, QuarantineOptions const& options);
int run_quarantine_show(CommonOptions const& common, QuarantineOptions const& options);
int run_quarantine_retry(CommonOptions const& common, QuarantineOptions const& options);
int run_quarantine_accept(CommonOptions const& common, QuarantineOptions const& options);
int run_alerts_list(CommonOptions const& common, AlertsOptions const& options);
int run_alerts_test(CommonOptions const& common, AlertsOptions const& options);
int run_alerts_mute(CommonOptions const& common, AlertsOptions const& options);
int run_alerts_unmute(CommonOptions const& common, AlertsOptions const& options);
// Prints the JSON schema of affsync.yaml (`config`) or of a connector file (`connector`).
int run_schema(std::string const& which);
// Asks the running daemon for /healthz, or with `ready` for /readyz; 0 if it answers 200.
int run_healthcheck(CommonOptions const& common, bool ready);
int run_version();
std::string version_line();

}  // namespace affsync::cli
