// `affsync connectors`: needs neither a configuration nor a database.
#include "daemon/cli/connectors.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/suggest.hpp"
#include "config/load.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"

namespace affsync::cli {

namespace {

// Returns the directory of the user's own connector files if there is a configuration. One given
// with --config must be valid. One found at a default place may be unfinished, since this command
// helps to write it.
std::string own_connectors_dir(std::string const& config_option) {
  auto const env = config::process_environment();
  auto const file = config::find_config_file(config_option, env);
  if (!file) return {};
  auto const config = config::load_config(*file, env, config::Secrets::of_database);
  if (config) return config->connectors_dir;
  if (!config_option.empty()) throw Failure(config.error());
  std::cerr << "affsync: only the built-in connectors are shown, because the configuration has an "
               "error: "
            << config.error().to_line() << "\n";
  return {};
}

engine::Manifest const& find_connector(std::vector<engine::Manifest> const& manifests,
                                       std::string const& name) {
  std::vector<std::string> names;
  for (auto const& manifest : manifests) {
    if (manifest.name == name && manifest.flaw) throw Failure(*manifest.flaw);
    if (manifest.name == name) return manifest;
    names.push_back(manifest.name);
  }
  auto const meant = nearest(name, names);
  throw Failure(ErrorCode::usage, "there is no connector `" + name + "`",
                meant ? "Did you mean `" + *meant + "`?"
                      : "`affsync connectors` lists the known connectors.");
}

}  // namespace

engine::Manifest known_connector(CommonOptions const& common, std::string const& name) {
  auto const manifests = load_manifests(own_connectors_dir(common.config_file));
  return find_connector(manifests, name);
}

int run_connectors(CommonOptions const& common, std::string const& name, Output output) {
  auto manifests = load_manifests(own_connectors_dir(common.config_file));
  std::ranges::sort(manifests, {}, &engine::Manifest::name);
  auto const terminal = log::look_at_terminal(STDOUT_FILENO);
  bool const json = output == Output::json;
  std::vector<Error> flaws;
  if (name.empty()) {
    flaws = take_flawed(manifests);
    std::cout << (json ? connectors_json(manifests) + "\n" : connector_list(manifests, terminal));
  } else {
    auto const& manifest = find_connector(manifests, name);
    std::cout << (json ? connector_json(manifest) + "\n" : connector_details(manifest, terminal));
  }
  std::cout << std::flush;
  for (auto const& flaw : flaws) {
    std::cerr << "affsync: this connector file is invalid, and what uses it fails: "
              << flaw.to_line() << "\n";
  }
  return flaws.empty() ? 0 : to_exit_status(ErrorCode::config_invalid);
}

}  // namespace affsync::cli
