// Ends a migration from another thread, and says how patient it is with locks.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "base/error.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {

class MigrationWatch {
 public:
  // Cancels what runs; the migration ends with ErrorCode::cancelled, and what was not committed is
  // undone. May hit between two statements: to be called again until it has ended. Any thread.
  void cancel();

  // How long a statement may wait for a lock, and others behind it: then it lets them by and tries
  // again a moment later, for as long as `lock_patience`.
  std::chrono::milliseconds lock_wait{5'000};
  std::chrono::milliseconds lock_patience{300'000};

  // For the migration itself: its sessions, and a look between two statements. Throws Failure
  // cancelled.
  class Session {
   public:
    Session(MigrationWatch& watch, PgSession& session);
    ~Session();
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

   private:
    MigrationWatch& watch_;
    PgSession& session_;
  };
  void look();
  // Waits that long, or until cancel(): then it throws.
  void pause(std::chrono::milliseconds time);

 private:
  std::mutex mutex_;
  std::vector<PgSession*> sessions_;
  bool cancelled_ = false;
};

}  // namespace affsync::schema
