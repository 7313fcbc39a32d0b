// A PgBouncer between a program under test and a PostgreSQL server on a Unix socket.
#pragma once

#include <memory>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::test {

struct PoolerOptions {
  std::string mode = "session";  // transaction, statement
  int pool_size = 20;
  std::string more;  // further configuration lines
};

class PoolerProcess {
 public:
  // `server`: a libpq keyword string with host (a directory), port and user. Throws
  // std::runtime_error if PgBouncer is not installed or does not start.
  explicit PoolerProcess(std::string const& server, PoolerOptions const& options = {});
  ~PoolerProcess();

  // Appended to the server's keyword string, makes it lead to the pooler.
  std::string connection_suffix() const;

 private:
  TempDir dir_;
  std::unique_ptr<Process> process_;
};

}  // namespace affsync::test
