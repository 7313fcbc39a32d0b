#include "tests/support/pooler_process.hpp"

#include <libpq-fe.h>
#include <pwd.h>
#include <unistd.h>

#include <map>
#include <stdexcept>

namespace affsync::test {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> keywords_of(std::string const& server) {
  std::map<std::string, std::string> found;
  auto* parsed = PQconninfoParse(server.c_str(), nullptr);
  if (parsed == nullptr) throw std::runtime_error("not a connection string");
  for (auto* option = parsed; option->keyword; ++option) {
    if (option->val) found[option->keyword] = option->val;
  }
  PQconninfoFree(parsed);
  return found;
}

}  // namespace

PoolerProcess::PoolerProcess(std::string const& server, PoolerOptions const& options) {
  if (::access("/usr/sbin/pgbouncer", X_OK) != 0) {
    throw std::runtime_error("pgbouncer is missing: scripts/install_dependencies.sh installs it");
  }
  auto given = keywords_of(server);
  if (given["port"].empty()) given["port"] = "5432";
  auto const file = dir_.write(
      "pgbouncer.ini",
      "[databases]\n* = host=" + given["host"] + " port=" + given["port"] +
          " user=" + given["user"] + "\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n" +
          "unix_socket_dir = " + dir_.path().string() +
          "\nauth_type = any\npool_mode = " + options.mode +
          "\ndefault_pool_size = " + std::to_string(options.pool_size) + "\n" + options.more);
  ProcessOptions pooler;
  pooler.program = "/usr/sbin/pgbouncer";
  pooler.arguments = {file.string()};
  if (::geteuid() == 0) {  // PgBouncer refuses to run as root and must reach the server's socket
    auto const* user = ::getpwnam("postgres");
    if (user == nullptr) throw std::runtime_error("there is no user postgres");
    pooler.arguments.insert(pooler.arguments.begin(), {"-u", "postgres"});
    if (::chown(dir_.path().c_str(), user->pw_uid, user->pw_gid) != 0 ||
        ::chown(file.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::runtime_error("chown " + dir_.path().string());
    }
  }
  process_ = std::make_unique<Process>(pooler);
  process_->wait_for_err("process up");
}

PoolerProcess::~PoolerProcess() {
  process_.reset();  // before its directory is removed
}

std::string PoolerProcess::connection_suffix() const {
  return " host=" + dir_.path().string() + " port=6432";
}

}  // namespace affsync::test
