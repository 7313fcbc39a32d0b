#include "schema/store/migrate.hpp"

#include <pqxx/nontransaction>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <span>

#include "base/crash_point.hpp"
#include "base/embedded_file.hpp"
#include "schema/store/distribution.hpp"
#include "schema/store/index_progress.hpp"
#include "schema/store/migration_record.hpp"
#include "schema/store/migration_steps.hpp"
#include "schema/store/migration_watch.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/pooler.hpp"
#include "schema/store/schema_owner.hpp"
#include "schema/store/sql_statements.hpp"
#include "schema/store/transaction.hpp"
#include "schema/store/view_files.hpp"
#include "schema/store/view_replacing.hpp"

namespace affsync {
extern EmbeddedFile const migration_files[];
extern unsigned const migration_files_count;
}  // namespace affsync

namespace affsync::schema {
namespace {

// An arbitrary number, which must be the same in all versions of the program.
constexpr auto migration_lock = "5318008172901";

// Marks a file whose statements cannot run in a transaction.
constexpr std::string_view outside_of_transactions = "-- affsync: outside of a transaction\n";

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

Error migration_error(std::string_view file, Error cause, std::string hint) {
  switch (cause.code) {
    case ErrorCode::database_unavailable:
    case ErrorCode::config_invalid:
    case ErrorCode::cancelled:
    case ErrorCode::migration_failed:
      return cause;
    default:
      break;
  }
  Error error(ErrorCode::migration_failed, std::string(file) + ": " + cause.message,
              std::move(hint));
  if (error.hint.empty()) error.hint = cause.hint;
  return error;
}

// The steps that the database needs.
struct Plan {
  std::map<int, Applied> applied;
  std::string views_checksum;
  bool views = false;
  bool rights = false;

  int newest() const { return applied.empty() ? 0 : applied.rbegin()->first; }
  std::size_t missing(std::span<EmbeddedFile const> files) const {
    auto const is_missing = [&](auto const& file) { return !applied.contains(version_of(file)); };
    return static_cast<std::size_t>(std::ranges::count_if(files, is_missing));
  }
};

class Migration {
 public:
  Migration(StoreOptions const& options, MigrationRequest const& request, MigrationWatch& watch)
      : options_(options),
        request_(request),
        watch_(watch),
        session_(options),
        watched_(watch, session_) {}

  Result<MigrationReport> run() {
    auto const dry_run = request_.dry_run;
    auto plan = look();
    if (!plan) return plan.error();
    MigrationReport report;
    report.version = report.present = plan->newest();
    auto const needed =
        plan->missing(files_) > 0 || plan->views || plan->rights || request_.distribute;
    if (!dry_run && needed) {
      watch_.set_changing();
      demand_utf8();
      // Hold the lock in a separate transaction on a separate session until everything is done.
      // Behind a pooler, a session lock might outlive its holder.
      PgSession lock_session(options_);
      MigrationWatch::Session const watched(watch_, lock_session);
      auto const lock = take(lock_session);
      if (lock_session.is_pooled()) {
        demand_second_connection(connection_string(options_), options_);
      }
      crash_point(CrashPoint::migration_locked);
      act_as_owner(session_, views_->files());
      plan = look();  // another instance may have migrated meanwhile
      if (!plan) return plan.error();
      report.version = plan->newest();
      if (auto error = apply(*plan, *lock, report)) return *error;
      if (!report.distributed.empty()) {
        plan = look();  // the views of distributed tables are others
        if (!plan) return plan.error();
        if (auto error = apply_views(*plan, report)) return *error;
      }
      lock->commit();
    } else if (dry_run) {
      for (auto const& file : files_) {
        if (!plan->applied.contains(version_of(file))) report.applied.emplace_back(file.name);
      }
      if (plan->views) report.applied.emplace_back("views");
    }
    if (!dry_run) keep_notices(report);
    return report;
  }

 private:
  // File by file: a session keeps a hundred, most of which are not worth telling.
  void keep_notices(MigrationReport& report) {
    std::ranges::move(worth_telling(session_.take_notices()), std::back_inserter(report.notices));
  }

  static void note(MigrationReport& report, EmbeddedFile const& file) {
    report.applied.emplace_back(file.name);
    report.version = version_of(file);
  }

  // Polls for the lock, outside of a transaction: CREATE INDEX CONCURRENTLY of the other migration
  // would wait for the end of one that it has met within a statement, and the other may need the
  // connection of a pooler.
  std::unique_ptr<Transaction> take(PgSession& session) {
    auto const ask = std::string("SELECT pg_try_advisory_xact_lock(") + migration_lock + ")";
    auto const takes = [&](Transaction& tx) { return tx.exec(ask)[0][0].as<bool>(); };
    for (;;) {
      bool free = false;
      {
        Transaction alone(session, Transaction::Kind::statements);
        free = takes(alone);
        watch_.set_progress(free ? std::string() : whom_a_migration_awaits(alone, migration_lock));
      }
      if (free) {
        auto lock = std::make_unique<Transaction>(session);
        if (takes(*lock)) return lock;
      }
      watch_.pause(std::chrono::milliseconds{100});
    }
  }

  Result<Plan> look() {
    watch_.look();
    Transaction tx(session_, Transaction::Kind::statements);
    Plan plan;
    plan.applied = read_applied(tx);
    begins_ = plan.applied.empty();
    if (auto conflict = find_conflict(plan.applied, files_)) return *conflict;
    distributed_ = is_distributed(tx);
    views_.emplace(distributed_);
    plan.views_checksum = sha256(views_->joined());
    auto const known = plan.applied.find(0);
    plan.views = request_.remake_views || known == plan.applied.end() ||
                 known->second.checksum != plan.views_checksum ||
                 views_are_missing(tx, views_->files());
    plan.rights = plan.missing(files_) == 0 && !plan.views && rights_are_missing(tx);
    return plan;
  }

  void demand_utf8() {
    Transaction tx(session_, Transaction::Kind::statements);
    std::string const encoding = tx.exec("SHOW server_encoding")[0][0].c_str();
    if (encoding == "UTF8") return;
    throw Failure(
        ErrorCode::migration_failed,
        "the database's encoding is " + encoding + ", so it cannot store every text",
        "Create one in UTF-8: CREATE DATABASE affsync ENCODING 'UTF8' TEMPLATE template0;");
  }

  std::optional<Error> apply(Plan const& plan, Transaction& lock, MigrationReport& report) {
    for (auto const& file : files_) {
      if (plan.applied.contains(version_of(file))) continue;
      try {
        lock.exec("SELECT 1");  // fails if the lock went with its connection
        patiently([&] { apply(file); });
      } catch (std::exception const&) {
        return migration_error(file.name, current_problem().error, {});
      }
      note(report, file);
      keep_notices(report);
    }
    if (auto error = apply_views(plan, report)) return error;
    try {
      patiently([&] { apply_rights(report); });
      // Tables that a migration has made are distributed like those before.
      bool const more = distributed_ && plan.missing(files_) > 0;
      if (request_.distribute || more) distribute(report);
    } catch (std::exception const&) {
      return migration_error("rights", current_problem().error, {});
    }
    return std::nullopt;
  }

  std::optional<Error> apply_views(Plan const& plan, MigrationReport& report) {
    if (!plan.views) return std::nullopt;
    try {
      apply_views(plan.views_checksum, report);
    } catch (std::exception const&) {
      return migration_error("views", current_problem().error,
                             "If views of your own depend on those in reporting, drop them, "
                             "migrate, and create them again.");
    }
    bool const noted = std::ranges::count(report.applied, "views") > 0;
    if (report.views_held_by.empty() && !noted) report.applied.emplace_back("views");
    return std::nullopt;
  }

  static Error locked(std::string const& holder) {
    return Error(ErrorCode::migration_failed,
                 "a table could not be locked, since another transaction uses it" +
                     (holder.empty() ? std::string() : ": " + holder),
                 "Wait until it ends, or end it with pg_terminate_backend, and start again.");
  }

  // Retries a step that cannot get its locks. All other transactions queue behind a waiting
  // exclusive lock, so each wait is short.
  void patiently(std::function<void()> const& step) {
    auto const begin = std::chrono::steady_clock::now();
    for (;;) {
      watch_.look();
      try {
        step();
        return;
      } catch (pqxx::sql_error const& error) {
        // The error may come from our own cancel().
        watch_.look();
        if (sqlstate_of(error) != "55P03") throw;
        if (std::chrono::steady_clock::now() - begin > watch_.lock_patience) {
          Transaction tx(session_, Transaction::Kind::statements);
          throw Failure(locked(who_holds_locks(tx)));
        }
      }
      watch_.pause(std::min(watch_.lock_wait, std::chrono::milliseconds{1000}));
    }
  }

  void limit_locks(pqxx::transaction_base& tx) {
    tx.exec("SET LOCAL lock_timeout = " + std::to_string(watch_.lock_wait.count()));
  }

  static void pass_applying() { crash_point(CrashPoint::migration_applying); }
  static void pass_committed() { crash_point(CrashPoint::migration_committed); }

  void apply(EmbeddedFile const& file) {
    if (file.text.find(outside_of_transactions) != std::string_view::npos) return apply_alone(file);
    IndexProgress const progress(options_, watch_);
    Transaction tx(session_);
    limit_locks(tx);
    // An owner of the schemas need not be one who may create some.
    if (begins_) run_statements(tx, bookkeeping, watch_);
    run_statements(tx, file.text, watch_);
    record(tx, version_of(file), file.name, sha256(file.text));
    pass_applying();
    tx.commit();
    pass_committed();
  }

  // Runs each statement alone, so that an index can be built while others read and write. All
  // statements are repeatable. First removes invalid indexes of an interrupted build.
  void apply_alone(EmbeddedFile const& file) {
    IndexProgress const progress(options_, watch_);
    pqxx::nontransaction tx(session_.connection());
    // Their locks do not block other transactions. Behind a pooler the session is not ours to set.
    if (!session_.is_pooled()) tx.exec("SET lock_timeout = 0");
    for (auto const& row :
         tx.exec("SELECT format('DROP INDEX CONCURRENTLY affsync.%I', c.relname) FROM pg_index i"
                 " JOIN pg_class c ON c.oid = i.indexrelid"
                 " WHERE c.relnamespace = 'affsync'::regnamespace AND NOT i.indisvalid"
                 " AND c.relkind = 'i' AND NOT c.relispartition")) {
      tx.exec(row[0].c_str());
    }
    for (auto const& statement : sql_statements(file.text)) {
      watch_.look();
      run_alone(tx, statement);
      pass_applying();
    }
    record(tx, version_of(file), file.name, sha256(file.text));
    pass_committed();
  }

  void apply_views(std::string const& checksum, MigrationReport& report) {
    try {
      auto const holder = replace_views(session_, views_->files(), watch_);
      if (!holder.empty() && !watch_.views_may_wait) throw Failure(locked(holder));
      report.views_held_by = holder;
      if (holder.empty()) note_views(checksum, false);
    } catch (pqxx::sql_error const& error) {
      if (!sqlstate_of(error).starts_with("42")) throw;
      patiently([&] { note_views(checksum, true); });
    }
    crash_point(CrashPoint::views_committed);
  }

  void note_views(std::string const& checksum, bool make) {
    Transaction tx(session_);
    limit_locks(tx);
    if (make) make_views(tx, views_->files(), watch_);
    limit_views(tx);
    record(tx, 0, "views", checksum);
    tx.commit();
  }

  void distribute(MigrationReport& report) {
    Transaction tx(session_);
    report.distributed = distribute_tables(tx);
    tx.commit();
  }

  void apply_rights(MigrationReport& report) {
    Transaction tx(session_);
    if (!rights_are_missing(tx)) return;
    limit_locks(tx);
    give_rights(tx);
    tx.commit();
    report.applied.emplace_back("rights");
  }

  StoreOptions const& options_;
  MigrationRequest const& request_;
  MigrationWatch& watch_;
  PgSession session_;
  MigrationWatch::Session watched_;
  std::span<EmbeddedFile const> files_{migration_files, migration_files_count};
  bool begins_ = false;
  bool distributed_ = false;
  std::optional<ViewFiles> views_;
};

}  // namespace

int newest_migration() {
  int newest = 0;
  for (auto const& file : std::span(migration_files, migration_files_count)) {
    newest = std::max(newest, version_of(file));
  }
  return newest;
}

MigrationReport migrations_of_nothing() {
  MigrationReport report;
  for (auto const& file : std::span(migration_files, migration_files_count)) {
    report.applied.emplace_back(file.name);
  }
  report.applied.emplace_back("views");
  return report;
}

Result<MigrationReport> migrate(StoreOptions const& options, MigrationRequest const& request,
                                MigrationWatch* watch) {
  MigrationWatch nobody;
  auto& watched = watch ? *watch : nobody;
  try {
    auto patient = options;
    patient.statement_timeout = std::chrono::milliseconds{0};  // building an index may take long
    Migration migration(patient, request, watched);
    return migration.run();
  } catch (std::exception const&) {
    auto error = migration_error("schema", current_problem().error, {});
    try {
      watched.look();
    } catch (Failure const& cancelled) {
      return cancelled.error();
    }
    return error;
  }
}

}  // namespace affsync::schema
