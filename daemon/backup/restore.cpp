#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "daemon/backup/backup.hpp"
#include "daemon/backup/client_programs.hpp"
#include "daemon/backup/own_objects.hpp"
#include "daemon/backup/plain_connection.hpp"
#include "schema/store/conninfo.hpp"

namespace affsync::backup {
namespace {

namespace fs = std::filesystem;

constexpr char const* scratch = "affsync_restoring";
constexpr char const* replaced = "affsync_replaced";
constexpr int oldest_pg_restore = 13;

Error not_a_dump(fs::path const& file, std::string const& reason) {
  return Error(ErrorCode::usage, file.string() + " is not a backup of affsync: " + reason,
               "Name a file that `affsync backup` or pg_dump -Fc wrote.");
}

// Returns whether the file begins as a dump does, but pg_restore met its end too early. It says so
// in words only: its exit status is 1 for any failure.
bool is_cut_off(fs::path const& file, std::string const& reason) {
  constexpr std::string_view magic = "PGDMP";
  std::string begin(magic.size(), '\0');
  std::ifstream(file, std::ios::binary).read(begin.data(), std::streamsize(begin.size()));
  if (begin != magic) return false;
  return reason.find("end of file") != std::string::npos ||
         reason.find("end of input") != std::string::npos ||
         reason.find("uncompress") != std::string::npos;
}

Error cut_off(fs::path const& file, std::string const& reason) {
  return Error(ErrorCode::usage, file.string() + " is incomplete: " + reason,
               "It was cut off, such as by a full disk or an interrupted copy: copy it again, or "
               "use another backup.");
}

// "0041_leases.sql" -> 41
int number_of(std::string const& name) {
  int number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

int newest_known_version() {
  int newest = 0;
  for (auto const& file : schema::migrations_of_nothing().applied) {
    newest = std::max(newest, number_of(file));
  }
  return newest;
}

std::string after(std::string const& text, std::string const& mark) {
  auto const at = text.find(mark);
  if (at == std::string::npos) return {};
  auto const begin = at + mark.size();
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

// Reads the newest version from the dump's rows of affsync.schema_migration, in COPY's form.
int version_in(std::string const& sql) {
  std::istringstream lines(sql);
  int newest = 0;
  std::ptrdiff_t column = -1;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("COPY affsync.schema_migration (")) {
      auto const names = line.substr(line.find('(') + 1);
      auto const at = names.find("version");
      column = at == std::string::npos
                   ? -1
                   : std::count(names.begin(), names.begin() + std::ptrdiff_t(at), ',');
    } else if (line == "\\.") {
      column = -1;
    } else if (column >= 0) {
      std::istringstream cells(line);
      std::string cell;
      for (std::ptrdiff_t i = 0; i <= column; ++i) std::getline(cells, cell, '\t');
      newest = std::max(newest, number_of(cell));
    }
  }
  return newest;
}

Result<embedded::Outcome> pg_restore(std::string const& url, std::vector<std::string> arguments) {
  auto const program = find_newest_client_program("pg_restore", oldest_pg_restore);
  if (!program) return program.error();
  return run_client(*program, url, std::move(arguments));
}

// pg_restore 17 and later set this first, whatever the server, and servers before 17 refuse it.
constexpr std::string_view unknown_setting = "SET transaction_timeout = 0;";

// Makes a comment of the setting in a script of pg_restore, which has it before any data.
void comment_out(fs::path const& script) {
  constexpr std::size_t head = 4096;
  std::fstream stream(script, std::ios::in | std::ios::out | std::ios::binary);
  std::string begin(head, '\0');
  stream.read(begin.data(), std::streamsize(begin.size()));
  begin.resize(static_cast<std::size_t>(stream.gcount()));
  auto const at = begin.find(unknown_setting);
  if (at == std::string::npos) return;
  stream.clear();
  stream.seekp(std::streamoff(at));
  stream << "--" << std::string(unknown_setting.size() - 2, ' ');
}

// Loads the dump by psql, without the setting that this server does not know. The script lies in a
// folder that only this user can read.
Result<embedded::Outcome> load_by_script(std::string const& url, fs::path const& file) {
  auto const psql = find_newest_client_program("psql", oldest_pg_restore);
  if (!psql) return psql.error();
  auto folder = (fs::temp_directory_path() / "affsync-restore-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return Error(ErrorCode::output_failed,
                 "no directory can be made in " + fs::temp_directory_path().string());
  }
  auto const script = fs::path(folder) / "dump.sql";
  auto outcome = pg_restore({}, {"--no-owner", "--no-privileges", "--file=" + script.string(),
                                 fs::absolute(file).string()});
  if (outcome && outcome->success()) {
    comment_out(script);
    outcome = run_client(*psql, url,
                         {"--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
                          "--file=" + script.string()});
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return outcome;
}

// Loads the dump completely or not at all. Rights and owners are set by the migration, which
// follows.
Result<void> load(std::string const& url, fs::path const& file) {
  auto outcome = pg_restore(url, {"--single-transaction", "--exit-on-error", "--no-owner",
                                  "--no-privileges", fs::absolute(file).string()});
  if (!outcome) return outcome.error();
  if (!outcome->success() && outcome->output.find("transaction_timeout") != std::string::npos) {
    outcome = load_by_script(url, file);
    if (!outcome) return outcome.error();
  }
  if (outcome->success()) return {};
  auto const reason = reason_of(*outcome);
  if (is_cut_off(file, reason)) return cut_off(file, reason);
  return Error(ErrorCode::database_error, "pg_restore failed: " + reason);
}

// Migrates what was loaded and gathers statistics, without which PostgreSQL plans badly.
Result<schema::MigrationReport> complete(schema::StoreOptions options, std::string const& url) {
  options.url = url;
  auto report = schema::migrate(options, false);
  if (!report) return report;
  auto connection = PlainConnection::open(url);
  if (!connection) return connection.error();
  auto const analyzed = connection->run("ANALYZE");
  if (!analyzed) return analyzed.error();
  return report;
}

Result<bool> has_schema(PlainConnection& connection) {
  auto const found = connection.run(
      "SELECT to_regnamespace('affsync') IS NOT NULL OR "
      "to_regnamespace('reporting') IS NOT NULL");
  if (!found) return found.error();
  return *found == "t";
}

// Waits as long as PostgreSQL itself does before it drops a database: for a moment a connection
// that was closed is still counted.
Result<void> check_unused(PlainConnection& maintenance) {
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (;;) {
    auto const others = maintenance.run(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'affsync' AND backend_type = "
        "'client backend'");
    if (!others) return others.error();
    if (*others == "0") return {};
    if (std::chrono::steady_clock::now() > end) {
      return Error(
          ErrorCode::usage, "the database is in use by " + *others + " connections",
          "Stop affsync (systemctl stop affsync) and end other programs that are connected.");
    }
    if (auto const waited = maintenance.run("SELECT pg_sleep(0.05)"); !waited) {
      return waited.error();
    }
  }
}

Result<void> run_all(PlainConnection& connection, std::vector<std::string> const& statements) {
  for (auto const& sql : statements) {
    auto const done = connection.run(sql);
    if (!done) return done.error();
  }
  return {};
}

}  // namespace

Result<Dump> look_into(fs::path const& file) {
  std::error_code failed;
  if (!fs::is_regular_file(file, failed)) {
    return Error(ErrorCode::usage, file.string() + " cannot be read: " +
                                       (failed ? failed.message() : "it is not a regular file"));
  }
  auto const rows = pg_restore({}, {"--data-only", "--schema=affsync", "--table=schema_migration",
                                    "--file=-", fs::absolute(file).string()});
  if (!rows) return rows.error();
  if (!rows->success()) {
    auto const reason = reason_of(*rows);
    return is_cut_off(file, reason) ? cut_off(file, reason) : not_a_dump(file, reason);
  }
  Dump dump;
  dump.made_by = after(rows->output, "Dumped by pg_dump version: ");
  dump.schema_version = version_in(rows->output);
  if (dump.schema_version == 0) {
    return not_a_dump(file, "it has no table affsync.schema_migration");
  }
  if (dump.schema_version > newest_known_version()) {
    return Error(ErrorCode::usage,
                 file.string() + " was made by a newer affsync: its schema has version " +
                     std::to_string(dump.schema_version) + ", this one knows " +
                     std::to_string(newest_known_version()),
                 "Install that version of affsync first.");
  }
  return dump;
}

Result<Restored> restore_to_server(schema::StoreOptions const& options, fs::path const& file) {
  auto const dump = look_into(file);
  if (!dump) return dump.error();
  auto connection = PlainConnection::open(options.url);
  if (!connection) return connection.error();
  auto const occupied = has_schema(*connection);
  if (!occupied) return occupied.error();
  auto const encoding = connection->run("SHOW server_encoding");
  if (!encoding) return encoding.error();
  if (*encoding != "UTF8") {
    return Error(
        ErrorCode::database_error,
        "the database's encoding is " + *encoding + ", so it cannot store every text",
        "Create one in UTF-8: CREATE DATABASE affsync ENCODING 'UTF8' TEMPLATE template0;");
  }
  if (*occupied) {
    return Error(ErrorCode::usage, "the database already has a schema `affsync` or `reporting`",
                 "Create an empty database for the backup and name it in database.url; or drop "
                 "both schemas yourself.");
  }
  if (auto const loaded = load(options.url, file); !loaded) return loaded.error();
  auto migration = complete(options, options.url);
  if (!migration) return migration.error();
  Restored restored;
  restored.dump = *dump;
  restored.migration = std::move(*migration);
  return restored;
}

Result<Restored> restore_embedded(schema::StoreOptions const& options,
                                  std::string const& maintenance_url, fs::path const& file,
                                  bool replace) {
  auto const dump = look_into(file);
  if (!dump) return dump.error();
  Restored restored;
  restored.dump = *dump;
  {
    auto connection = PlainConnection::open(options.url);
    if (!connection) return connection.error();
    auto const occupied = has_schema(*connection);
    if (!occupied) return occupied.error();
    restored.replaced = *occupied;
    // The whole database is replaced, so they would be lost.
    auto const own = own_objects(*connection);
    if (!own) return own.error();
    if (!own->empty() && (replace || !*occupied)) {
      return Error(
          ErrorCode::usage,
          "the embedded database has objects of yours, which would be deleted and which no "
          "backup of affsync holds: " +
              some_of(*own),
          "Save them (pg_dump --exclude-schema=affsync --exclude-schema=reporting, with the "
          "connection that `affsync status` shows) and drop them, or set another "
          "database.state_dir.");
    }
  }
  if (restored.replaced && !replace) {
    return Error(ErrorCode::usage, "the embedded database already has data",
                 "Give --replace to delete them all and have those of the backup instead, or set "
                 "another database.state_dir.");
  }
  auto maintenance = PlainConnection::open(maintenance_url);
  if (!maintenance) return maintenance.error();
  if (auto const unused = check_unused(*maintenance); !unused) return unused.error();
  // What an interrupted restoration left.
  auto const drop = std::string("DROP DATABASE IF EXISTS ");
  auto const prepared =
      run_all(*maintenance, {drop + scratch + " WITH (FORCE)", drop + replaced + " WITH (FORCE)",
                             std::string("CREATE DATABASE ") + scratch + " TEMPLATE template0"});
  if (!prepared) return prepared.error();

  auto const url = options.url + " dbname=" + schema::conninfo_value(scratch);
  auto result = load(url, file);
  if (result) {
    auto migration = complete(options, url);
    if (migration) {
      restored.migration = std::move(*migration);
      result = run_all(*maintenance,
                       {"BEGIN", std::string("ALTER DATABASE affsync RENAME TO ") + replaced,
                        std::string("ALTER DATABASE ") + scratch + " RENAME TO affsync", "COMMIT"});
      if (!result) (void)maintenance->run("ROLLBACK");
    } else {
      result = migration.error();
    }
  }
  if (!result) {
    (void)maintenance->run(drop + scratch + " WITH (FORCE)");
    return result.error();
  }
  (void)maintenance->run(drop + replaced + " WITH (FORCE)");
  return restored;
}

}  // namespace affsync::backup
