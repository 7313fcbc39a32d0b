// Cancels a migration from another thread, and holds its time limits for locks.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>
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
  std::chrono::milliseconds lock_wait{800};
  std::chrono::milliseconds lock_patience{300'000};
  // Views that a query holds for longer stay as they are, and the next migration tries them again.
  bool views_may_wait = false;
  std::chrono::milliseconds view_patience() const {
    return views_may_wait ? std::min(lock_patience, std::chrono::milliseconds{20'000})
                          : lock_patience;
  }

  // What takes long now, such as "index affsync.x: building index, 45 %"; empty: nothing is known.
  // May be called from any thread.
  std::string progress();
  void set_progress(std::string text);

  // Anything is changed from here on; before, look() tells of a database that was only asked.
  void set_changing();

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
  std::string progress_;
  bool cancelled_ = false, changing_ = false;
};

}  // namespace affsync::schema
