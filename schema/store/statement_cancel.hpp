// Cancels what a session runs. The request goes to the server by a connection of its own, which
// takes minutes if a host on the way drops packets, and has no time limit.
#pragma once

#include <atomic>
#include <memory>

#include <pqxx/connection>

struct pg_cancel;  // libpq's PGcancel

namespace affsync::schema {

class StatementCancel {
 public:
  // Does not refer to the connection afterwards.
  explicit StatementCancel(pqxx::connection& connection);
  ~StatementCancel();
  StatementCancel(StatementCancel const&) = delete;
  StatementCancel& operator=(StatementCancel const&) = delete;

  // Sends the request on a thread that nobody waits for, unless one is on its way. It ends with the
  // process if it hangs. May be called from any thread.
  static void start(std::shared_ptr<StatementCancel> cancel);

 private:
  pg_cancel* handle_;  // null: there is no memory for it
  std::atomic<bool> under_way_{false};
};

}  // namespace affsync::schema
