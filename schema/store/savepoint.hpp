// A part of a transaction that can be undone alone. Not pqxx::subtransaction: in libpqxx 6 that one
// begins with its first plain statement, so that statements with parameters before it are outside.
#pragma once

#include <exception>
#include <pqxx/transaction_base>

namespace affsync::schema {

class Savepoint {
 public:
  explicit Savepoint(pqxx::transaction_base& tx) : tx_(tx) { tx_.exec("SAVEPOINT affsync"); }
  Savepoint(Savepoint const&) = delete;
  Savepoint& operator=(Savepoint const&) = delete;

  // Without it, everything since the beginning is undone.
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
      // The session is broken: whatever comes next in the transaction says so.
    }
  }

 private:
  pqxx::transaction_base& tx_;
  bool released_ = false;
};

}  // namespace affsync::schema
