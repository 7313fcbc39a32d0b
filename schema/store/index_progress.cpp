#include "schema/store/index_progress.hpp"

#include <exception>
#include <optional>
#include <string>

#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr std::chrono::seconds before_asking{1};

// Rows of other users' builds have no numbers.
constexpr auto progress_sql =
    "SELECT coalesce(p.index_relid::regclass::text, 'of ' || p.relid::regclass), p.phase,"
    " CASE WHEN p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total"
    " WHEN p.tuples_total > 0 THEN 100 * p.tuples_done / p.tuples_total END"
    " FROM pg_stat_progress_create_index p WHERE p.datname = current_database()"
    " AND p.phase IS NOT NULL ORDER BY p.pid LIMIT 1";

std::string progress_of(PgSession& session) {
  Transaction tx(session, Transaction::Kind::statements);
  auto const rows = tx.exec(progress_sql);
  if (rows.empty()) return {};
  std::string text = "index " + std::string(rows[0][0].c_str()) + ": " + rows[0][1].c_str();
  if (!rows[0][2].is_null()) text += ", " + std::string(rows[0][2].c_str()) + " %";
  return text;
}

}  // namespace

IndexProgress::IndexProgress(StoreOptions const& options, MigrationWatch& watch)
    : options_(options), watch_(watch), thread_([this] { ask_now_and_then(); }) {}

IndexProgress::~IndexProgress() {
  {
    std::lock_guard guard(mutex_);
    ending_ = true;
  }
  end_.notify_all();
  thread_.join();
  watch_.set_progress({});
}

void IndexProgress::ask_now_and_then() {
  std::optional<PgSession> session;
  std::unique_lock lock(mutex_);
  while (!end_.wait_for(lock, before_asking, [this] { return ending_; })) {
    lock.unlock();
    try {
      if (!session) session.emplace(options_);
      watch_.set_progress(progress_of(*session));
    } catch (std::exception const&) {
      session.reset();  // without it the migration only says less
    }
    lock.lock();
  }
}

}  // namespace affsync::schema
