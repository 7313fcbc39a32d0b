// A private PostgreSQL: made by the machine's own initdb, reached through a Unix socket only, for
// `database.url: embedded` and for tests. Blocking; owns the server process it started.
//
// As root, PostgreSQL refuses to run, so the server runs as the user `postgres` (or the owner of
// an existing cluster) and the directory is given to that user.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::embedded {

struct ClusterOptions {
  std::filesystem::path state_dir;         // the cluster is made in state_dir/postgresql
  bool durable = true;                     // false: fsync off, for tests
  std::vector<std::string> settings;       // "name=value", for the server's command line
  std::chrono::seconds start_timeout{60};
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
  bool started_here() const;
  void stop();

 private:
  struct Impl;
  explicit Cluster(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::embedded
