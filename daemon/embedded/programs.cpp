#include "daemon/embedded/programs.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "daemon/embedded/process.hpp"

namespace affsync::embedded {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds version_limit{10};

}  // namespace

std::vector<fs::path> program_directories() {
  std::vector<fs::path> directories;
  std::error_code ignored;
  for (auto const& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    directories.push_back(version.path() / "bin");
  }
  char const* const variable = std::getenv("PATH");
  std::string const search = variable == nullptr ? "" : variable;
  for (std::size_t begin = 0; begin < search.size();) {
    auto const end = std::min(search.find(':', begin), search.size());
    if (end > begin) directories.emplace_back(search.substr(begin, end - begin));
    begin = end + 1;
  }
  return directories;
}

// "postgres (PostgreSQL) 15.20 (Debian …)" -> 15
std::optional<int> major_of_program(fs::path const& program) {
  Command command;
  command.arguments = {program.string(), "--version"};
  command.user.uid = ::geteuid();
  auto const outcome = run(command, version_limit);
  if (!outcome || !outcome->success()) return std::nullopt;
  std::string const mark = "(PostgreSQL) ";
  auto const at = outcome->output.find(mark);
  if (at == std::string::npos) return std::nullopt;
  int major = 0;
  auto const* const first = outcome->output.data() + at + mark.size();
  auto const* const last = outcome->output.data() + outcome->output.size();
  if (std::from_chars(first, last, major).ec != std::errc{}) return std::nullopt;
  return major;
}

Result<ServerPrograms> find_server_programs(std::vector<fs::path> directories, int wanted_major) {
  if (directories.empty()) directories = program_directories();
  std::optional<ServerPrograms> best;
  for (auto const& directory : directories) {
    ServerPrograms found;
    found.initdb = directory / "initdb";
    found.postgres = directory / "postgres";
    if (::access(found.initdb.c_str(), X_OK) != 0) continue;
    if (::access(found.postgres.c_str(), X_OK) != 0) continue;
    auto const major = major_of_program(found.postgres);
    if (!major) continue;
    found.major = *major;
    if (wanted_major != 0 && found.major != wanted_major) continue;
    if (!best || found.major > best->major) best = found;
  }
  if (best) return *best;
  if (wanted_major != 0) {
    auto const version = std::to_string(wanted_major);
    return Error(
        ErrorCode::database_unavailable,
        "The cluster was created by PostgreSQL " + version +
            ", but this machine has no server programs of that version",
        "Install the package postgresql-" + version + " (apt install postgresql-" + version +
            "), if need be from the release of Debian before, and run `affsync upgrade-database`; "
            "or load a backup into another database.state_dir with `affsync restore`.");
  }
  return Error(ErrorCode::database_unavailable,
               "`database.url: embedded` needs PostgreSQL's programs initdb and postgres, but they "
               "are neither in PATH nor in /usr/lib/postgresql/*/bin",
               "Install the package postgresql (apt install postgresql), or set database.url to an "
               "existing server.");
}

int major_of_cluster(fs::path const& data_directory) {
  std::ifstream file(data_directory / "PG_VERSION");
  int major = 0;
  file >> major;
  return file ? major : 0;
}

}  // namespace affsync::embedded
