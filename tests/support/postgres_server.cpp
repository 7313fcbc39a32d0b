#include "tests/support/postgres_server.hpp"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace affsync::test {
namespace {

namespace fs = std::filesystem;

// The newest version that is installed.
fs::path program(std::string const& name) {
  fs::path found;
  std::error_code ignored;
  for (auto const& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    auto const path = version.path() / "bin" / name;
    if (fs::exists(path)) found = std::max(found, path);
  }
  if (found.empty()) throw std::runtime_error("PostgreSQL's " + name + " is not installed");
  return found;
}

}  // namespace

ProcessOptions PostgresServer::as_its_user(std::string const& name,
                                           std::vector<std::string> arguments) const {
  ProcessOptions options;
  options.program = program(name);
  options.arguments = std::move(arguments);
  options.directory = dir_.path();
  if (::geteuid() == 0) {  // PostgreSQL refuses to run as root
    options.arguments.insert(options.arguments.begin(), {"--reuid=postgres", "--regid=postgres",
                                                         "--clear-groups", program(name).string()});
    options.program = "/usr/bin/setpriv";
  }
  return options;
}

void PostgresServer::own(std::string const& path) const {
  if (::geteuid() != 0) return;
  auto const* user = ::getpwnam("postgres");
  if (user == nullptr || ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("cannot give " + path + " to the user postgres");
  }
}

void PostgresServer::run_program(std::string const& name,
                                 std::vector<std::string> arguments) const {
  auto const finished = run(as_its_user(name, std::move(arguments)));
  if (finished.status != 0) throw std::runtime_error(name + ": " + finished.out + finished.err);
}

bool PostgresServer::has_library(std::string const& name) {
  return fs::exists(program("postgres").parent_path().parent_path() / "lib" / (name + ".so"));
}

PostgresServer::PostgresServer() {
  own(dir_.path().string());
  run_program("initdb", {"-D", data(), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8",
                         "--locale=C.UTF-8"});
}

PostgresServer::PostgresServer(PostgresServer const& primary) {
  own(dir_.path().string());
  run_program("pg_basebackup", {"-D", data(), "-d", primary.url(), "-R", "-c", "fast", "-N"});
  write("postgresql.auto.conf", "primary_conninfo = '" + primary.url() + "'\n");
}

PostgresServer::~PostgresServer() {
  if (process_) process_->signal(SIGQUIT);
  process_.reset();  // before its directory is removed
}

void PostgresServer::write(std::string const& name, std::string const& text) {
  auto const path = data() + "/" + name;
  std::ofstream(path, std::ios::trunc) << text;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  own(path);
}

void PostgresServer::start(std::string const& settings,
                           std::map<std::string, std::string> environment) {
  write("postgresql.conf", "listen_addresses = ''\nunix_socket_directories = '" +
                               dir_.path().string() + "'\nfsync = off\nshared_buffers = 16MB\n" +
                               settings);
  auto options = as_its_user("postgres", {"-D", data()});
  options.environment = std::move(environment);
  process_ = std::make_unique<Process>(std::move(options));
  process_->wait_for_err("ready to accept");
}

std::string PostgresServer::url(std::string const& database) const {
  return "host=" + dir_.path().string() + " user=postgres dbname=" + database;
}

}  // namespace affsync::test
