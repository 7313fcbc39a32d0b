#include "daemon/cli/system_user.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace affsync::cli {

std::string system_user() {
  passwd const* const found = ::getpwuid(::getuid());
  std::string name = found != nullptr ? found->pw_name : std::to_string(::getuid());
  char const* const behind = std::getenv("SUDO_USER");
  if (behind != nullptr && *behind != '\0' && name != behind)
    name += " (" + std::string(behind) + ")";
  return name;
}

}  // namespace affsync::cli
