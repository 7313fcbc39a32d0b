// Tells how far PostgreSQL is with an index while a migration waits for it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "schema/store/migration_watch.hpp"

namespace affsync::schema {

// Asks now and then on a connection of its own, from its construction to its end, and hands the
// answer to the watch. Opens none if the migration is quick.
class IndexProgress {
 public:
  IndexProgress(StoreOptions const& options, MigrationWatch& watch);
  ~IndexProgress();
  IndexProgress(IndexProgress const&) = delete;
  IndexProgress& operator=(IndexProgress const&) = delete;

 private:
  void ask_now_and_then();

  StoreOptions const& options_;
  MigrationWatch& watch_;
  std::mutex mutex_;
  bool ending_ = false;  // guarded by mutex_
  std::condition_variable end_;
  std::thread thread_;  // last member: it uses the others
};

}  // namespace affsync::schema
