// A private PostgreSQL cluster for `database.url: embedded` and for tests. The machine's own initdb
// creates it, and it is reached through a Unix socket only. Blocking; owns the server process that
// it started.
//
// PostgreSQL refuses to run as root. Then the server runs as the user `postgres` (or the owner of
// an existing cluster), and the directory is given to that user.
//
// Several processes may use one state_dir: the first owns the server, the others are guests. When
// the owner ends in any way, the server ends too; then one of the guests starts it again, with the
// same url(). If the server dies, its owner starts it again.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::embedded {

struct ClusterOptions {
  std::filesystem::path state_dir;         // the cluster is in state_dir/postgresql
  bool durable = true;                     // false: fsync off, for tests
  std::vector<std::string> settings;       // "name=value", for the server's command line
  std::chrono::seconds start_timeout{60};  // without a sign of life, such as a recovery
  // A fast shutdown that takes longer becomes an immediate one, after which the next start
  // recovers.
  std::chrono::milliseconds stop_timeout{3000};
  // When the server's log is larger than log_limit bytes, it is rotated. Checked at each start and
  // every log_look.
  std::uintmax_t log_limit = 16 * 1024 * 1024;
  std::chrono::milliseconds log_look{60'000};
  // Directories to search for initdb and postgres; empty: PATH and /usr/lib/postgresql/*/bin.
  std::vector<std::filesystem::path> program_directories;
  // Called on the cluster's own thread after the start: when the server has ended, answers again or
  // could not be started again. May be empty.
  std::function<void(std::string const&)> on_event;
  // Called on the cluster's own thread during a start, every `start_news`, with what it is doing.
  std::function<void(std::string const&)> on_start_step;
  std::chrono::milliseconds start_news{5'000};
};

class Cluster {
 public:
  // Creates the cluster if there is none, starts a server unless one is running, waits until it
  // answers and creates the database `affsync`. Errors: database_unavailable (with the missing
  // package, the last lines of the server's log or the directory that the server's user cannot
  // enter).
  static Result<std::unique_ptr<Cluster>> start(ClusterOptions options);

  ~Cluster();  // stops the server if this object started it (fast shutdown)

  // Returns a libpq keyword string for the database `affsync`: host=… dbname=affsync user=affsync
  std::string url() const;
  // Returns the same for another database of the cluster.
  std::string url(std::string const& database) const;
  // Returns whether this object owns the server now.
  bool started_here() const;
  // Stops the server if this object owns it. After that, the object does nothing.
  void stop();

 private:
  struct Impl;
  explicit Cluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::embedded
