// A savepoint: a part of a transaction that can be rolled back alone. Not pqxx::subtransaction: in
// libpqxx 6 it begins only with its first plain statement, so earlier statements with parameters
// would be outside.
#pragma once

#include <exception>
#include <pqxx/transaction_base>

namespace affsync::schema {

class Savepoint {
 public:
  explicit Savepoint(pqxx::transaction_base& tx) : tx_(tx) { tx_.exec("SAVEPOINT affsync"); }
  Savepoint(Savepoint const&) = delete;
  Savepoint& operator=(Savepoint const&) = delete;

  // Keeps the work. Without this call, the destructor rolls it back.
  void release() {
    tx_.exec("RELEASE SAVEPOINT affsync");
    released_ = true;
  }

  ~Savepoint() {
    if (released_) return;
    try {
      tx_.exec("ROLLBACK TO SAVEPOINT affsync");
      tx_.exec("RELEASE SAVEPOINT affsync");
    } catch (std::exception const&) {
      // The session is broken: the next statement of the transaction reports it.
    }
  }

 private:
  pqxx::transaction_base& tx_;
  bool released_ = false;
};

}  // namespace affsync::schema
