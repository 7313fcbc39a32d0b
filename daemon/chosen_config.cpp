#include "daemon/chosen_config.hpp"

#include <filesystem>
#include <iostream>

namespace affsync {

config::Config load_chosen_config(std::string const& option, config::Secrets needed) {
  constexpr auto of_service = "/etc/affsync/affsync.yaml";
  auto const env = config::process_environment();
  auto const file = config::find_config_file(option, env);
  if (!file) throw Failure(file.error());
  std::error_code ignored;
  if (option.empty() && *file == "./affsync.yaml" && std::filesystem::exists(of_service, ignored) &&
      !std::filesystem::equivalent(*file, of_service, ignored)) {
    std::cerr << "affsync: uses ./affsync.yaml, not that of the service (--config " << of_service
              << ")\n";
  }
  return config::load_config(*file, env, needed).value();
}

}  // namespace affsync
