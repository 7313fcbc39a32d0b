#include "schema/store/process_mark.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace affsync::schema {
namespace {

std::string first_line(std::string const& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

struct Standing {
  char state = 0;
  std::string start;  // clock ticks since the machine's start
};

Standing standing_of(std::string const& process) {
  auto const line = first_line("/proc/" + process + "/stat");
  // The second field is a name in parentheses, which may contain anything.
  auto const end = line.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream rest(line.substr(end + 1));
  std::vector<std::string> fields;  // from the third field on
  for (std::string field; rest >> field;) fields.push_back(field);
  constexpr std::size_t start = 22 - 3;
  if (fields.size() <= start) return {};
  return {fields[0][0], fields[start]};
}

// Returns what all processes have in common whose numbers can be compared.
std::string number_space() {
  auto const boot = first_line("/proc/sys/kernel/random/boot_id");
  std::error_code error;
  auto const space = std::filesystem::read_symlink("/proc/self/ns/pid", error).string();
  if (boot.empty() || error) return {};
  return boot + "/" + space + "/";
}

}  // namespace

ProcessMark own_mark() {
  ProcessMark mark;
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, HOST_NAME_MAX) == 0) mark.host = name;
  mark.process_id = ::getpid();
  auto const space = number_space();
  auto const start = standing_of("self").start;
  if (!space.empty() && !start.empty()) mark.key = space + start;
  return mark;
}

bool has_ended(int process_id, std::string_view key) {
  auto const space = number_space();
  if (process_id <= 0 || space.empty() || !key.starts_with(space)) return false;
  if (::kill(process_id, 0) != 0 && errno == ESRCH) return true;
  // Processes of others may be hidden in /proc; then this one counts as running.
  auto const standing = standing_of(std::to_string(process_id));
  if (standing.start.empty()) return false;
  return standing.start != key.substr(space.size()) || standing.state == 'Z';
}

}  // namespace affsync::schema
