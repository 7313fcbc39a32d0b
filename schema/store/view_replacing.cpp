#include "schema/store/view_replacing.hpp"

#include <pqxx/except>

#include <algorithm>
#include <vector>

#include "base/crash_point.hpp"
#include "schema/store/migration_steps.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr auto lock_not_available = "55P03";

void replace_view(PgSession& session, EmbeddedFile const& file, MigrationWatch& watch) {
  Transaction tx(session);
  tx.exec("SET LOCAL lock_timeout = " + std::to_string(watch.lock_wait.count()));
  run_statements(tx, file.text, watch);
  crash_point(CrashPoint::views_applying);
  tx.commit();
}

}  // namespace

std::string replace_views(PgSession& session, std::span<EmbeddedFile const> views,
                          MigrationWatch& watch) {
  auto const begin = std::chrono::steady_clock::now();
  std::vector<EmbeddedFile const*> left;
  for (auto const& file : views) left.push_back(&file);
  for (;;) {
    std::vector<EmbeddedFile const*> held;
    std::string holder;
    for (auto const* file : left) {
      watch.look();
      try {
        replace_view(session, *file, watch);
      } catch (pqxx::sql_error const& error) {
        watch.look();  // the error may come from our own cancel()
        // A view may need columns of one that is held.
        bool const locked = sqlstate_of(error) == lock_not_available;
        if (!locked && held.empty()) throw;
        held.push_back(file);
      }
    }
    if (held.empty()) return {};
    Transaction tx(session, Transaction::Kind::statements);
    holder = who_holds_locks(tx);
    if (std::chrono::steady_clock::now() - begin > watch.view_patience()) {
      return holder.empty() ? "another transaction" : holder;
    }
    left = std::move(held);
    watch.pause(std::min(watch.lock_wait, std::chrono::milliseconds{1000}));
  }
}

}  // namespace affsync::schema
