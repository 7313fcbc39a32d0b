// A private PostgreSQL: made by the machine's own initdb, reached through a Unix socket only, for
// `database.url: embedded` and for tests. Blocking; owns the server process it started.
//
// As root, PostgreSQL refuses to run, so the server runs as the user `postgres` (or the owner of
// an existing cluster) and the directory is given to that user.
//
// Several processes may use one state_dir: the first owns the server, the others are guests. When
// the owner ends, however it ends, the server ends too; then one of the guests starts it anew, and
// the same url() works again. A server that dies is started again by its owner.
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
  std::filesystem::path state_dir;    // the cluster is made in state_dir/postgresql
  bool durable = true;                // false: fsync off, for tests
  std::vector<std::string> settings;  // "name=value", for the server's command line
  std::chrono::seconds start_timeout{60};
  // A fast shutdown that takes longer becomes an immediate one: the next start then recovers.
  std::chrono::milliseconds stop_timeout{3000};
  // The server's log is begun anew when it is longer, at a start and while it runs; looked at so
  // often.
  std::uintmax_t log_limit = 16 * 1024 * 1024;
  std::chrono::milliseconds log_look{60'000};
  // Where initdb and postgres are looked for; empty: PATH and /usr/lib/postgresql/*/bin.
  std::vector<std::filesystem::path> program_directories;
  // Told, on the cluster's own thread, what happens after the start: the server ended, answers
  // again, could not be started again. May be empty.
  std::function<void(std::string const&)> on_event;
};

class Cluster {
 public:
  // Makes the cluster if there is none, starts a server unless one already runs on it, waits until
  // it answers, makes the database `affsync`. Errors: database_unavailable (what is missing and
  // which package has it; the last lines of the server's log; a directory the server's user cannot
  // enter).
  static Result<std::unique_ptr<Cluster>> start(ClusterOptions options);

  ~Cluster();  // stops the server if this object started it (fast shutdown)

  // A libpq keyword string for the database `affsync`: host=… dbname=affsync user=affsync
  std::string url() const;
  // The same for another database of the cluster.
  std::string url(std::string const& database) const;
  // Whether this object owns the server now.
  bool started_here() const;
  // Stops the server if this object owns it; from then on the object does nothing more.
  void stop();

 private:
  struct Impl;
  explicit Cluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::embedded
