#include "daemon/backup/client_programs.hpp"

#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/embedded/programs.hpp"
#include "schema/store/conninfo.hpp"

namespace affsync::backup {
namespace {

// What libpq would read from the environment, unless the connection string says it.
std::map<std::string, std::string> postgres_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view const variable = *entry;
    auto const sign = variable.find('=');
    auto const name = variable.substr(0, sign);
    if (sign == variable.npos || (!name.starts_with("PG") && name != "HOME")) continue;
    variables.emplace(name, variable.substr(sign + 1));
  }
  return variables;
}

struct Target {
  std::map<std::string, std::string> environment;
  // All that the connection string says, except what is secret: other users see it. Here it holds
  // against the environment and against a service that the environment names.
  std::string conninfo;
};

Result<Target> target_of(std::string const& url) {
  Target target;
  target.environment = postgres_variables();
  if (url.empty()) return target;
  char* message = nullptr;
  PQconninfoOption* const options = PQconninfoParse(url.c_str(), &message);
  if (message != nullptr) PQfreemem(message);
  if (options == nullptr) {
    return Error(ErrorCode::config_invalid, "database.url is not a connection string");
  }
  for (auto const* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    bool const is_secret = option->dispchar != nullptr && *option->dispchar == '*';
    if (is_secret && option->envvar == nullptr) {
      Error error(ErrorCode::config_invalid,
                  "database.url has " + std::string(option->keyword) +
                      ", which this could hand over only where other users see it",
                  "Name a connection without it, such as one with a key that needs no passphrase.");
      PQconninfoFree(options);
      return error;
    }
    if (is_secret) {
      target.environment[option->envvar] = option->val;
    } else {
      target.conninfo += std::string(target.conninfo.empty() ? "" : " ") + option->keyword + "=" +
                         schema::conninfo_value(option->val);
    }
  }
  PQconninfoFree(options);
  return target;
}

}  // namespace

Result<ClientProgram> find_client_program(std::string const& name, int least_major) {
  std::optional<ClientProgram> best;
  for (auto const& directory : embedded::program_directories()) {
    ClientProgram found;
    found.path = directory / name;
    if (::access(found.path.c_str(), X_OK) != 0) continue;
    auto const major = embedded::major_of_program(found.path);
    if (!major || *major < least_major) continue;
    found.major = *major;
    if (!best || found.major < best->major) best = found;
  }
  if (best) return *best;
  auto const version = std::to_string(least_major);
  return Error(ErrorCode::database_unavailable,
               "this needs " + name + " of PostgreSQL " + version +
                   " or newer, which is neither in PATH nor in /usr/lib/postgresql/*/bin",
               "Install the package postgresql-client-" + version +
                   " (apt install postgresql-client-" + version + "), or a newer one.");
}

Result<ClientProgram> find_newest_client_program(std::string const& name, int least_major) {
  auto newest = find_client_program(name, least_major);
  while (newest) {
    auto const next = find_client_program(name, newest->major + 1);
    if (!next) break;
    newest = next;
  }
  return newest;
}

Result<embedded::Outcome> run_client(ClientProgram const& program, std::string const& url,
                                     std::vector<std::string> arguments) {
  auto target = target_of(url);
  if (!target) return target.error();
  embedded::Command command;
  command.user.uid = ::geteuid();
  command.ends_with_thread = true;
  for (auto const& [name, value] : target->environment) {
    command.environment.push_back(name + "=" + value);
  }
  command.arguments.push_back(program.path.string());
  if (!url.empty()) {
    // Without the option, pg_restore would write SQL to its output.
    command.arguments.push_back("--no-password");
    command.arguments.push_back("--dbname=" + target->conninfo);
  }
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return embedded::run(std::move(command), longest_run);
}

std::string reason_of(embedded::Outcome const& outcome) {
  if (!outcome.finished) return "it took too long";
  std::string text = outcome.output;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  // The programs end with hints; the reason is the last line that is marked as an error.
  auto const error = text.rfind("error: ");
  auto const begin = error != std::string::npos ? error + 7 : text.rfind('\n') + 1;
  if (!text.empty()) return text.substr(begin, text.find('\n', begin) - begin);
  if (WIFSIGNALED(outcome.status)) {
    return "it was ended by signal " + std::to_string(WTERMSIG(outcome.status));
  }
  return "it failed without a message";
}

}  // namespace affsync::backup
