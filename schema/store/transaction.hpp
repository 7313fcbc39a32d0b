// One transaction of a session.
//
// A pooler may give each transaction another session of the server. Then a transaction takes its
// settings with it, and nothing that belongs to a session outlives it. Not pqxx::work, whose BEGIN
// cannot be sent together with the settings.
#pragma once

#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include <optional>
#include <string>

#include "schema/store/pg_session.hpp"

namespace affsync::schema {

class Transaction {
 public:
  enum class Kind {
    whole,
    durable,  // its commit waits for the disk; see session_settings()
    // Each statement commits by itself. Behind a pooler the statements are one transaction, which
    // needs commit() as well.
    statements,
  };
  explicit Transaction(PgSession& session, Kind kind = Kind::whole);
  // Rolls back what was not committed.
  ~Transaction();
  Transaction(Transaction const&) = delete;
  Transaction& operator=(Transaction const&) = delete;

  pqxx::result exec(std::string const& sql) { return tx_->exec(sql); }
  // After this the session is free for another transaction.
  void commit();

  operator pqxx::transaction_base&() { return *tx_; }  // NOLINT(google-explicit-constructor)

 private:
  void rollback() noexcept;

  std::optional<pqxx::nontransaction> tx_;
  bool open_ = false;
};

}  // namespace affsync::schema
