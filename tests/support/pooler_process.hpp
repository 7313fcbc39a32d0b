// A PgBouncer between a program under test and a PostgreSQL on a socket.
#pragma once

#include <memory>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::test {

struct PoolerOptions {
  std::string mode = "session";  // transaction, statement
  int pool_size = 20;
  std::string more;  // further lines of its configuration
};

class PoolerProcess {
 public:
  // `server`: a keyword string of libpq with host (a directory), port and user. Throws
  // std::runtime_error when PgBouncer is not installed or does not start.
  explicit PoolerProcess(std::string const& server, PoolerOptions const& options = {});
  ~PoolerProcess();

  // To be put behind a keyword string of the server, so that it leads here.
  std::string detour() const;

 private:
  TempDir dir_;
  std::unique_ptr<Process> process_;
};

}  // namespace affsync::test
