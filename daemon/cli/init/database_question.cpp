// Where `affsync init` puts the data.
#include <algorithm>

#include "daemon/cli/init/questions.hpp"
#include "daemon/embedded/programs.hpp"

namespace affsync::cli {
namespace {

DatabaseAnswer local_answer(LocalServer const& server) {
  DatabaseAnswer answer;
  answer.url = Secret(local_url());
  answer.create = !server.has_database;
  answer.description =
      "The database affsync of the PostgreSQL on this machine, as the role " + server.role + ".";
  return answer;
}

// Of a cluster that was made without a locale the encoding would be SQL_ASCII, which is refused.
std::string createdb_for(std::string const& role) {
  return "sudo -u postgres createdb -E UTF8 -T template0 --owner=" + role + " affsync";
}

// How to make the database by hand if this user may not.
std::string commands_to_type(LocalServer const& server) {
  return "There is a PostgreSQL on this machine, but " +
         (server.reason.empty() ? "its database cannot be entered" : "it says: " + server.reason) +
         ".\n"
         "To use it, type these two lines in another window, then choose `this machine`:\n"
         "  sudo -u postgres createuser " +
         server.role + "\n  " + createdb_for(server.role) + "\n";
}

}  // namespace

DatabaseAnswer Questions::database_at(std::string const& url, std::string const& state_dir) const {
  DatabaseAnswer answer;
  answer.url = Secret(url);
  answer.state_dir = state_dir;
  answer.description = "Any URL or keyword string of libpq.";
  return answer;
}

DatabaseAnswer Questions::database(std::optional<ServiceUser> const& user,
                                   std::string const& state_dir) const {
  auto const& wanted = options_.database;
  if (!wanted.empty() && wanted != "local") return database_at(wanted, state_dir);
  auto const server = look_at_local_server(user);
  bool const usable = server.has_database || server.may_create;
  if (wanted == "local") {
    if (usable) return local_answer(server);
    throw Failure(ErrorCode::database_unavailable,
                  server.answers ? "the PostgreSQL on this machine does not let " + server.role +
                                       " in, and nobody here may change that: " + server.reason
                                 : "no PostgreSQL answers on this machine: " + server.reason,
                  server.answers ? "sudo -u postgres createuser " + server.role + " && " +
                                       createdb_for(server.role)
                                 : "Start it, or use --database embedded.");
  }
  if (!interactive_) return database_at("embedded", state_dir);

  prompt_.say(
      "\nThe data are kept in PostgreSQL. Without a server of your own, affsync runs a private one "
      "(embedded), which starts and ends with it and is reached through a socket only.");
  auto const programs = embedded::find_server_programs({}, 0);
  if (!programs) prompt_.say("That needs a package: " + programs.error().to_line());
  std::vector<std::string> lines{"a private one, its data in " + state_dir};
  std::string const here = "this machine's PostgreSQL, database affsync, as " + server.role;
  if (server.answers) {
    lines.push_back(here + (server.has_database ? ""
                            : server.may_create ? " (made for you)"
                                                : " (not yet)"));
  }
  lines.emplace_back("another one, by its URL");
  if (server.answers && !usable) prompt_.say(commands_to_type(server));
  auto const chosen =
      prompt_.choose("Where are the data kept?", lines, usable || !programs ? 1 : 0);
  if (chosen == 0) return database_at("embedded", state_dir);
  if (server.answers && chosen == 1) {
    auto const again = usable ? server : look_at_local_server(user);
    if (again.has_database || again.may_create) return local_answer(again);
    prompt_.say("It still does not let " + again.role + " in: " + again.reason);
    return database(user, state_dir);
  }
  for (;;) {
    auto const url = prompt_.ask("Its URL, such as postgresql://user@host/affsync");
    if (is_connection_string(url)) {
      auto answer = database_at(url, state_dir);
      if (!has_password(url) && needs_password(url)) {
        auto const password = prompt_.ask_hidden("The password of the database");
        if (!password.empty()) answer.url = with_password(url, password);
      }
      return answer;
    }
    prompt_.say("Write a URL, or a keyword string such as host=db dbname=affsync.");
  }
}

}  // namespace affsync::cli
