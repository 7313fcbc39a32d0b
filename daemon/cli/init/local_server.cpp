#include "daemon/cli/init/local_server.hpp"

#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include "schema/store/conninfo.hpp"
#include "schema/store/examine.hpp"

namespace affsync::cli {
namespace {

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;

Connection connect_to(std::string const& database) {
  return Connection(
      PQconnectdb(("dbname=" + database + " connect_timeout=3 application_name=affsync").c_str()));
}

std::string first_line(char const* message) {
  std::string text = message == nullptr ? "" : message;
  text = text.substr(0, text.find('\n'));
  return text;
}

std::string first_value(PGconn* connection, char const* sql) {
  std::unique_ptr<PGresult, decltype(&PQclear)> const result(PQexec(connection, sql), PQclear);
  bool const has_row =
      PQresultStatus(result.get()) == PGRES_TUPLES_OK && PQntuples(result.get()) > 0;
  return has_row ? PQgetvalue(result.get(), 0, 0) : "";
}

// Returns the server's words if it failed.
std::string execute_sql(PGconn* connection, std::string const& sql) {
  std::unique_ptr<PGresult, decltype(&PQclear)> const result(PQexec(connection, sql.c_str()),
                                                             PQclear);
  bool const good = PQresultStatus(result.get()) == PGRES_COMMAND_OK;
  return good ? "" : first_line(PQresultErrorMessage(result.get()));
}

constexpr char separator = '\x1f';

std::string joined_parts(std::vector<std::string> const& parts) {
  std::string text;
  for (auto const& part : parts) text += part + separator;
  return text;
}

std::vector<std::string> parts_of(std::string const& text, std::size_t count) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from < text.size();) {
    auto const end = std::min(text.find(separator, from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  parts.resize(count);
  return parts;
}

// Runs `work` in a child process that has become `user`, and returns its text; without a user here.
// Only while this process has no other thread.
std::string run_as(std::optional<ServiceUser> const& user,
                   std::function<std::string()> const& work) {
  if (!user || user->ids.user == ::geteuid()) return work();
  int ends[2];
  if (::pipe(ends) != 0) return {};
  pid_t const child = ::fork();
  if (child == 0) {
    bool const changed = ::initgroups(user->name.c_str(), user->ids.group) == 0 &&
                         ::setgid(user->ids.group) == 0 && ::setuid(user->ids.user) == 0;
    auto const text = changed ? work() : std::string();
    [[maybe_unused]] auto const written = ::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[1024];
  for (;;) {
    auto const count = ::read(ends[0], buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return text;
}

std::string describe_local_server() {
  LocalServer found;
  auto const entered = connect_to("affsync");
  if (PQstatus(entered.get()) == CONNECTION_OK) {
    return joined_parts({"t", "t", "", PQuser(entered.get()), ""});
  }
  std::string reason = first_line(PQerrorMessage(entered.get()));
  for (auto const* other : {"postgres", "template1"}) {
    auto const near = connect_to(other);
    if (PQstatus(near.get()) != CONNECTION_OK) continue;
    auto const may = first_value(
        near.get(), "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user");
    return joined_parts({"t", "", may, PQuser(near.get()), reason});
  }
  auto const ping = PQping("connect_timeout=3");
  bool const answers = ping == PQPING_OK || ping == PQPING_REJECT;
  auto const* const role = PQuser(entered.get());
  return joined_parts({answers ? "t" : "", "", "", role == nullptr ? "" : role, reason});
}

std::string create_database(std::string const& owner) {
  auto const server = connect_to("postgres");
  if (PQstatus(server.get()) != CONNECTION_OK) return first_line(PQerrorMessage(server.get()));
  std::string of_owner;
  if (!owner.empty()) {
    auto const known = first_value(
        server.get(), ("SELECT 't' FROM pg_roles WHERE rolname = '" + owner + "'").c_str());
    if (known != "t") {
      auto const failed = execute_sql(server.get(), "CREATE ROLE \"" + owner + "\" LOGIN");
      if (!failed.empty()) return failed;
    }
    of_owner = " OWNER \"" + owner + "\"";
  }
  return execute_sql(server.get(),
                     "CREATE DATABASE affsync" + of_owner + " ENCODING 'UTF8' TEMPLATE template0");
}

std::optional<ServiceUser> superuser_of(std::optional<ServiceUser> const& user) {
  return user ? service_user("postgres") : std::nullopt;
}

}  // namespace

std::optional<ServiceUser> service_user(char const* name) {
  if (::geteuid() != 0) return std::nullopt;
  passwd const* const entry = ::getpwnam(name);
  if (entry == nullptr) return std::nullopt;
  ServiceUser user;
  user.name = name;
  user.ids.user = entry->pw_uid;
  user.ids.group = entry->pw_gid;
  return user;
}

LocalServer look_at_local_server(std::optional<ServiceUser> const& user) {
  auto const parts = parts_of(run_as(user, describe_local_server), 5);
  LocalServer found;
  found.answers = parts[0] == "t";
  found.has_database = parts[1] == "t";
  found.may_create = parts[2] == "t";
  found.role = parts[3];
  found.reason = parts[4];
  if (found.has_database || found.may_create || !found.answers) return found;
  // As root: the superuser of the server may make both.
  auto const superuser = superuser_of(user);
  if (!superuser) return found;
  auto const near = parts_of(run_as(superuser, describe_local_server), 5);
  found.may_create = near[1] == "t" || near[2] == "t";
  found.role = user->name;
  return found;
}

std::string local_url() {
  std::string url;
  for (auto const& [variable, keyword] :
       {std::pair("PGHOST", "host"), std::pair("PGPORT", "port"), std::pair("PGUSER", "user")}) {
    auto const* const value = std::getenv(variable);
    if (value != nullptr && *value != '\0')
      url += std::string(keyword) + "=" + schema::conninfo_value(value) + " ";
  }
  return url.empty() ? "postgresql:///affsync" : url + "dbname=affsync";
}

Result<void> create_local_database(std::optional<ServiceUser> const& user) {
  auto const superuser = superuser_of(user);
  auto const owner = superuser ? user->name : std::string();
  auto const failed = run_as(superuser, [&owner] { return create_database(owner); });
  if (failed.empty()) return {};
  return Error(ErrorCode::database_error, "the database affsync could not be created: " + failed);
}

bool is_connection_string(std::string const& url) {
  bool const is_url = url.starts_with("postgresql://") || url.starts_with("postgres://");
  if (!is_url && (url.find("://") != std::string::npos || url.find('=') == std::string::npos)) {
    return false;
  }
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> const options(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  return options != nullptr;
}

bool has_password(std::string const& url) {
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> const options(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  for (auto const* one = options.get(); one != nullptr && one->keyword != nullptr; ++one) {
    if (std::string(one->keyword) == "password") return one->val != nullptr && *one->val != '\0';
  }
  return false;
}

bool needs_password(std::string const& url) {
  Connection const connection(PQconnectdb(url.c_str()));
  return PQstatus(connection.get()) != CONNECTION_OK &&
         PQconnectionNeedsPassword(connection.get()) == 1;
}

Secret with_password(std::string const& url, Secret const& password) {
  std::string out = url;
  bool const is_url = url.find("://") != std::string::npos;
  out += !is_url ? " password='" : url.find('?') == std::string::npos ? "?password=" : "&password=";
  for (char const c : password.reveal()) {
    if (is_url) {
      constexpr char digits[] = "0123456789ABCDEF";
      auto const byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
  }
  return Secret(is_url ? out : out + "'");
}

std::optional<Error> database_problem(std::string const& url,
                                      std::optional<ServiceUser> const& user) {
  auto const ask = [&url] {
    schema::StoreOptions options;
    options.url = url;
    auto const found = schema::examine(options);
    if (found && found->sync_lacks.empty()) return joined_parts({"ok"});
    auto const& error = found ? found->sync_lacks.front() : found.error();
    return joined_parts({"failed", error.message, error.hint});
  };
  auto const parts = parts_of(run_as(user, ask), 3);
  if (parts[0] == "ok") return std::nullopt;
  return Error(ErrorCode::database_unavailable,
               parts[1].empty() ? "the database could not be asked" : parts[1], parts[2]);
}

}  // namespace affsync::cli
