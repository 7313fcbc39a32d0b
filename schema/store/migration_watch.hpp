// Cancels a migration from another thread, and holds its time limits for locks.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "base/error.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {

class MigrationWatch {
 public:
  // Cancels the running statement. The migration ends with ErrorCode::cancelled, and uncommitted
  // work is rolled back. A call between two statements has no effect on the server: repeat it until
  // the migration has ended. May be called from any thread.
  void cancel();

  // How long a statement may wait for a lock, because other transactions queue behind it. Then it
  // lets them pass and retries a moment later, until `lock_patience` has elapsed.
  std::chrono::milliseconds lock_wait{5'000};
  std::chrono::milliseconds lock_patience{300'000};

  // For the migration itself: registers its sessions. look() runs between two statements and throws
  // Failure cancelled after cancel().
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
  // Waits; throws as look() does if cancel() is called meanwhile.
  void pause(std::chrono::milliseconds time);

 private:
  std::mutex mutex_;
  std::vector<PgSession*> sessions_;
  bool cancelled_ = false;
};

}  // namespace affsync::schema
