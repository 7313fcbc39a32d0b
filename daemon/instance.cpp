#include "daemon/instance.hpp"

#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>

#include "base/utf8.hpp"

namespace affsync {
namespace {

bool in_container() {
  std::error_code ignored;
  return std::filesystem::exists("/.dockerenv", ignored) ||
         std::filesystem::exists("/run/.containerenv", ignored) ||
         std::getenv("KUBERNETES_SERVICE_HOST") != nullptr || std::getenv("container") != nullptr;
}

}  // namespace

std::string instance_of(std::string const& config_file) {
  std::error_code error;
  auto path = std::filesystem::weakly_canonical(config_file, error).string();
  if (error || path.empty()) path = config_file;
  char name[HOST_NAME_MAX + 1] = {};
  path = printable_utf8(path);  // the database holds it
  if (in_container() || ::gethostname(name, HOST_NAME_MAX) != 0) return path;
  return std::string(name) + ":" + path;
}

}  // namespace affsync
