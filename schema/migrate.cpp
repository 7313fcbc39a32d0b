#include "schema/migrate.hpp"

#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include <charconv>
#include <map>
#include <span>

#include "base/crash_point.hpp"
#include "base/embedded_file.hpp"
#include "schema/pg_error.hpp"
#include "schema/pg_session.hpp"

namespace affsync {
extern EmbeddedFile const migration_files[];
extern unsigned const migration_files_count;
extern EmbeddedFile const view_files[];
extern unsigned const view_files_count;
}  // namespace affsync

namespace affsync::schema {
namespace {

// Any number will do, as long as all versions of the program take the same.
constexpr auto migration_lock = "5318008172901";

constexpr auto bookkeeping = R"sql(
CREATE SCHEMA IF NOT EXISTS affsync;
CREATE TABLE IF NOT EXISTS affsync.schema_migration (
  version     integer PRIMARY KEY,
  name        text NOT NULL,
  checksum    text NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE affsync.schema_migration IS 'The files that made this schema.';
COMMENT ON COLUMN affsync.schema_migration.version IS 'The file''s number; 0 is the set of views.';
COMMENT ON COLUMN affsync.schema_migration.name IS 'The file''s name.';
COMMENT ON COLUMN affsync.schema_migration.checksum IS 'SHA-256 of the file''s text.';
COMMENT ON COLUMN affsync.schema_migration.applied_at IS 'When it was applied.';
)sql";

struct Applied {
  std::string name;
  std::string checksum;
};

int version_of(EmbeddedFile const& file) {
  int version = 0;
  std::from_chars(file.name.data(), file.name.data() + file.name.size(), version);
  return version;
}

std::string sha256(pqxx::transaction_base& tx, std::string_view text) {
  SqlParams const params{std::string(text)};
  return exec(tx, "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", params)[0][0].c_str();
}

std::map<int, Applied> read_applied(pqxx::transaction_base& tx) {
  std::map<int, Applied> applied;
  if (tx.exec("SELECT to_regclass('affsync.schema_migration')")[0][0].is_null()) return applied;
  for (auto const& row : tx.exec("SELECT version, name, checksum FROM affsync.schema_migration")) {
    applied[row[0].as<int>()] = Applied{row[1].c_str(), row[2].c_str()};
  }
  return applied;
}

void record(pqxx::transaction_base& tx, int version, std::string_view name,
            std::string const& checksum) {
  SqlParams const params{std::to_string(version), std::string(name), checksum};
  exec(tx,
       "INSERT INTO affsync.schema_migration AS m (version, name, checksum)"
       " VALUES ($1::int, $2, $3)"
       " ON CONFLICT (version) DO UPDATE SET checksum = excluded.checksum, applied_at = now()",
       params);
}

// The view that a file makes: what follows its "CREATE OR REPLACE VIEW".
std::string view_of(EmbeddedFile const& file) {
  constexpr std::string_view words = "CREATE OR REPLACE VIEW ";
  auto const at = file.text.find(words);
  if (at == std::string_view::npos) return {};
  auto rest = file.text.substr(at + words.size());
  return std::string(rest.substr(0, rest.find_first_of(" \n(")));
}

std::string all_view_texts(std::span<EmbeddedFile const> views) {
  std::string text;
  for (auto const& file : views) text += file.text;
  return text;
}

// Replacing keeps other people's views on ours alive; PostgreSQL allows it unless columns were
// renamed, retyped or removed. Then the whole set is dropped and made again.
void make_views(pqxx::connection& connection, std::span<EmbeddedFile const> views,
                std::string const& checksum) {
  try {
    pqxx::work tx(connection);
    for (auto const& file : views) tx.exec(std::string(file.text));
    record(tx, 0, "views", checksum);
    crash_point(CrashPoint::views_applying);
    tx.commit();
    crash_point(CrashPoint::views_committed);
    return;
  } catch (pqxx::sql_error const& error) {
    if (!sqlstate_of(error).starts_with("42")) throw;
  }
  pqxx::work tx(connection);
  for (auto file = views.rbegin(); file != views.rend(); ++file) {
    auto const view = view_of(*file);
    if (!view.empty()) tx.exec("DROP VIEW IF EXISTS " + view);
  }
  for (auto const& file : views) tx.exec(std::string(file.text));
  record(tx, 0, "views", checksum);
  tx.commit();
}

Error migration_error(std::string_view file, Error cause, std::string hint) {
  if (cause.code == ErrorCode::database_unavailable || cause.code == ErrorCode::config_invalid) {
    return cause;
  }
  Error error(ErrorCode::migration_failed, std::string(file) + ": " + cause.message,
              std::move(hint));
  if (error.hint.empty()) error.hint = cause.hint;
  return error;
}

// Errors of the comparison itself: a newer database, a file that was changed after the fact.
std::optional<Error> find_conflict(pqxx::transaction_base& tx,
                                   std::map<int, Applied> const& applied,
                                   std::span<EmbeddedFile const> files) {
  int const newest = files.empty() ? 0 : version_of(files.back());
  if (!applied.empty() && applied.rbegin()->first > newest) {
    return Error(ErrorCode::migration_failed,
                 "the database was made by a newer affsync (" + applied.rbegin()->second.name + ")",
                 "Run the newer version, or give this one another database.");
  }
  for (auto const& file : files) {
    auto const found = applied.find(version_of(file));
    if (found != applied.end() && found->second.checksum != sha256(tx, file.text)) {
      return Error(ErrorCode::migration_failed,
                   std::string(file.name) + " was applied to this database with another text",
                   "An applied migration must not be changed: use the release that made the "
                   "database, or add a new file.");
    }
  }
  return std::nullopt;
}

Result<MigrationReport> run_migrations(PgSession& session, bool dry_run) {
  std::span<EmbeddedFile const> const files(migration_files, migration_files_count);
  std::span<EmbeddedFile const> const views(view_files, view_files_count);
  auto& connection = session.connection();
  MigrationReport report;
  std::map<int, Applied> applied;
  std::string views_checksum;
  {
    pqxx::nontransaction tx(connection);
    // Held until the session ends; others wait for it here.
    if (!dry_run) tx.exec(std::string("SELECT pg_advisory_lock(") + migration_lock + ")");
    if (!dry_run) crash_point(CrashPoint::migration_locked);
    applied = read_applied(tx);
    if (auto conflict = find_conflict(tx, applied, files)) return *conflict;
    views_checksum = sha256(tx, all_view_texts(views));
  }
  report.present = applied.empty() ? 0 : applied.rbegin()->first;
  report.version = report.present;
  for (auto const& file : files) {
    if (applied.contains(version_of(file))) continue;
    if (!dry_run) {
      try {
        pqxx::work tx(connection);
        tx.exec(bookkeeping);
        tx.exec(std::string(file.text));
        record(tx, version_of(file), file.name, sha256(tx, file.text));
        crash_point(CrashPoint::migration_applying);
        tx.commit();
        crash_point(CrashPoint::migration_committed);
      } catch (std::exception const&) {
        return migration_error(file.name, current_problem().error, {});
      }
    }
    report.applied.emplace_back(file.name);
    if (!dry_run) report.version = version_of(file);
  }
  auto const known_views = applied.find(0);
  if (known_views == applied.end() || known_views->second.checksum != views_checksum) {
    if (!dry_run) {
      try {
        make_views(connection, views, views_checksum);
      } catch (std::exception const&) {
        return migration_error("views", current_problem().error,
                               "If views of your own depend on those in reporting, drop them, "
                               "migrate, and make them again.");
      }
    }
    report.applied.emplace_back("views");
  }
  if (!dry_run) report.notices = session.take_notices();
  return report;
}

}  // namespace

MigrationReport migrations_of_nothing() {
  MigrationReport report;
  for (auto const& file : std::span(migration_files, migration_files_count)) {
    report.applied.emplace_back(file.name);
  }
  report.applied.emplace_back("views");
  return report;
}

Result<MigrationReport> migrate(StoreOptions const& options, bool dry_run) {
  try {
    auto patient = options;
    patient.statement_timeout = std::chrono::milliseconds{0};  // an index may take its time
    PgSession session(patient);
    return run_migrations(session, dry_run);
  } catch (std::exception const&) {
    return migration_error("schema", current_problem().error, {});
  }
}

}  // namespace affsync::schema
