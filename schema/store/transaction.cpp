#include "schema/store/transaction.hpp"

#include <pqxx/except>

#include <exception>

namespace affsync::schema {

Transaction::Transaction(PgSession& session, Kind kind) {
  tx_.emplace(session.connection());
  if (kind == Kind::statements && !session.is_pooled()) return;
  open_ = true;  // even if a setting is refused
  try {
    auto const durable = kind == Kind::durable ? "; SET LOCAL synchronous_commit = on" : "";
    tx_->exec(session.begin_sql() + durable);
  } catch (std::exception const&) {
    rollback();
    throw;
  }
}

Transaction::~Transaction() {
  rollback();
}

void Transaction::rollback() noexcept {
  if (!open_) return;
  open_ = false;
  try {
    tx_->exec("ROLLBACK");
  } catch (std::exception const&) {
    // The session is broken, and the server rolls back by itself.
  }
}

void Transaction::commit() {
  if (open_) {
    open_ = false;
    try {
      tx_->exec("COMMIT");
    } catch (pqxx::broken_connection const& error) {
      throw pqxx::in_doubt_error(error.what());
    }
  }
  tx_.reset();
}

}  // namespace affsync::schema
