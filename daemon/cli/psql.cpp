// `affsync psql`: psql on the configured database.
#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/open_database.hpp"

namespace affsync::cli {
namespace {

// Sets libpq's environment variables, which psql reads: other users see the command line of a
// process, but not its environment. Throws Failure(usage) for a setting that has no variable.
void put_into_environment(std::string const& url) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
  if (message != nullptr) PQfreemem(message);
  if (options == nullptr) throw Failure(ErrorCode::config_invalid, "database.url cannot be read");
  std::string without;
  for (auto const* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    if (option->envvar == nullptr) {
      without += (without.empty() ? "" : ", ") + std::string(option->keyword);
    } else {
      ::setenv(option->envvar, option->val, 1);
    }
  }
  PQconninfoFree(options);
  if (!without.empty()) {
    std::cerr << "affsync: psql does not get these settings of database.url: " << without << "\n";
  }
}

std::vector<char*> argument_pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void no_psql() {
  throw Failure(ErrorCode::usage, "psql cannot be started: " + std::string(std::strerror(errno)),
                "Install it: apt install postgresql-client.");
}

// Runs psql as a child while this process keeps the embedded server up. Keys such as Ctrl-C are
// psql's, which then only ends its query.
int run_beside(std::vector<char*> const& arguments) {
  struct sigaction ignore = {}, interrupt = {}, quit = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGINT, &ignore, &interrupt);
  sigaction(SIGQUIT, &ignore, &quit);
  pid_t const child = ::fork();
  if (child < 0) no_psql();
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGQUIT, SIG_DFL);
    std::signal(SIGPIPE, SIG_DFL);
    std::signal(SIGXFSZ, SIG_DFL);
    std::signal(SIGIO, SIG_DFL);
    ::execvp(arguments[0], arguments.data());
    constexpr int not_found = 127;
    ::_exit(not_found);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  sigaction(SIGINT, &interrupt, nullptr);
  sigaction(SIGQUIT, &quit, nullptr);
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  constexpr int not_found = 127;
  if (WEXITSTATUS(status) == not_found) {
    errno = ENOENT;
    no_psql();
  }
  return WEXITSTATUS(status);
}

}  // namespace

int run_psql(CommonOptions const& common, std::vector<std::string> const& arguments) {
  std::vector<std::string> words{"psql"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto const pointers = argument_pointers(words);
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  if (!app.config().database.embedded()) {
    put_into_environment(app.config().database.url);
    std::signal(SIGPIPE, SIG_DFL);
    std::signal(SIGXFSZ, SIG_DFL);
    std::signal(SIGIO, SIG_DFL);
    ::execvp(pointers[0], pointers.data());
    no_psql();
  }
  if (!is_database_there(app)) open_database(app);  // says what is missing
  app.start_database();
  put_into_environment(app.shown_database_url());
  return run_beside(pointers);
}

}  // namespace affsync::cli
