// A PostgreSQL server of a test's own, set up as an administrator would: with replicas, TLS, or
// settings that the embedded one does not have.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::test {

class PostgresServer {
 public:
  // Makes an empty cluster; start() it. Throws std::runtime_error with the output of a program that
  // fails.
  PostgresServer();
  // Makes a streaming replica of a running server.
  explicit PostgresServer(PostgresServer const& primary);
  ~PostgresServer();

  // Whether an extension's library, such as citus, is installed for the server's version.
  static bool has_library(std::string const& name);
  // The directory of the server's Unix socket.
  std::string socket_directory() const { return dir_.path().string(); }

  // Writes a file into the data directory, for its owner only.
  void write(std::string const& name, std::string const& text);
  // `settings`: lines of postgresql.conf.
  void start(std::string const& settings = "", std::map<std::string, std::string> environment = {});

  // A keyword string for the superuser over the server's Unix socket.
  std::string url(std::string const& database = "postgres") const;

 private:
  std::string data() const { return (dir_.path() / "data").string(); }
  // Runs a program of PostgreSQL as the server's user.
  void run_program(std::string const& name, std::vector<std::string> arguments) const;
  ProcessOptions as_its_user(std::string const& name, std::vector<std::string> arguments) const;
  void own(std::string const& path) const;

  TempDir dir_;
  std::unique_ptr<Process> process_;
};

}  // namespace affsync::test
