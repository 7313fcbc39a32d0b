// Looks at the PostgreSQL of this machine for `affsync init`, and makes the database there.
// Blocking.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "daemon/cli/init/new_files.hpp"

namespace affsync::cli {

// A user of the machine as whom the daemon will run.
struct ServiceUser {
  std::string name;
  FileOwner ids;
};

// Returns the user `name` of this machine, if it exists and this process may become it.
std::optional<ServiceUser> service_user(char const* name);

struct LocalServer {
  bool answers = false;       // there is a server at the usual place
  bool has_database = false;  // and the database affsync, which the user may enter
  bool may_create = false;    // the database, and the role if there is none
  std::string role;           // that the daemon logs in with
  std::string reason;         // the server's words if the user cannot log in
};

// Asks as the user of this process, or as `user`. libpq's environment variables apply.
LocalServer look_at_local_server(std::optional<ServiceUser> const& user);

// Returns a connection string for the database affsync there.
std::string local_url();

// Makes the database affsync, and for `user` its role, as the superuser `postgres`. Errors:
// database_error.
Result<void> create_local_database(std::optional<ServiceUser> const& user);

// About a connection string. The last returns it with the password in it.
bool is_connection_string(std::string const& url);
bool has_password(std::string const& url);
bool needs_password(std::string const& url);  // asks the server
Secret with_password(std::string const& url, Secret const& password);

// Returns why affsync could not work in the database at `url`; nullopt if it can. Writes nothing.
std::optional<Error> database_problem(std::string const& url,
                                      std::optional<ServiceUser> const& user);

}  // namespace affsync::cli
