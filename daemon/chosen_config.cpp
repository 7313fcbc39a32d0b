#include "daemon/chosen_config.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace affsync {
namespace {

// Whoever wrote the file says which commands are run and where secrets are sent. In a directory of
// somebody else, root has not chosen it.
void refuse_anothers(std::string const& file) {
  struct stat found = {};
  if (::geteuid() != 0 || ::stat(file.c_str(), &found) != 0 || found.st_uid == 0) return;
  char const* const by_sudo = std::getenv("SUDO_UID");
  if (by_sudo != nullptr && by_sudo == std::to_string(found.st_uid)) return;
  passwd const* const owner = ::getpwuid(found.st_uid);
  throw Failure(ErrorCode::config_invalid,
                file + " belongs to " +
                    (owner != nullptr ? owner->pw_name : "user " + std::to_string(found.st_uid)) +
                    ", and root would do what it says",
                "Name it if it is meant: --config " + file);
}

}  // namespace

config::Config load_chosen_config(std::string const& option, config::Secrets needed) {
  constexpr auto of_service = "/etc/affsync/affsync.yaml";
  auto const env = config::process_environment();
  auto const file = config::find_config_file(option, env);
  if (!file) throw Failure(file.error());
  bool const lay_there =
      option.empty() && std::getenv("AFFSYNC_CONFIG") == nullptr && *file == "./affsync.yaml";
  if (lay_there) refuse_anothers(*file);
  std::error_code ignored;
  if (lay_there && std::filesystem::exists(of_service, ignored) &&
      !std::filesystem::equivalent(*file, of_service, ignored)) {
    std::cerr << "affsync: uses ./affsync.yaml, not that of the service (--config " << of_service
              << ")\n";
  }
  return config::load_config(*file, env, needed).value();
}

}  // namespace affsync
