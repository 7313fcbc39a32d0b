// Loads the connectors: the built-in ones and the user's files.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "daemon/app.hpp"

namespace affsync {
namespace {

// Returns the connectors of the user's files.
std::vector<engine::Manifest> own_manifests(std::string const& connectors_dir) {
  std::vector<engine::Manifest> manifests;
  if (connectors_dir.empty()) return manifests;

  std::error_code error;
  std::vector<std::filesystem::path> files;
  std::filesystem::directory_iterator entry(connectors_dir, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    auto const extension = entry->path().extension();
    if (extension == ".yaml" || extension == ".yml") files.push_back(entry->path());
    entry.increment(error);
  }
  if (error) {
    throw Failure(ErrorCode::config_invalid,
                  "connectors_dir " + connectors_dir + " cannot be read: " + error.message());
  }
  std::sort(files.begin(), files.end());
  for (auto const& file : files) {
    std::ifstream in(file);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) {
      throw Failure(ErrorCode::config_invalid,
                    "connector file " + file.string() + " cannot be read");
    }
    auto manifest = engine::parse_manifest(text.str(), file.string()).value();
    std::erase_if(manifests, [&](auto const& known) { return known.name == manifest.name; });
    manifests.push_back(std::move(manifest));
  }
  return manifests;
}

bool has(std::vector<engine::Manifest> const& manifests, std::string const& name) {
  return std::ranges::any_of(manifests, [&](auto const& known) { return known.name == name; });
}

}  // namespace

std::vector<engine::Manifest> with_builtin_manifests(std::vector<engine::Manifest> own) {
  auto manifests = engine::builtin_manifests().value();
  std::erase_if(manifests, [&](auto const& known) { return has(own, known.name); });
  std::ranges::move(own, std::back_inserter(manifests));
  return manifests;
}

std::vector<engine::Manifest> load_manifests(std::string const& connectors_dir) {
  return with_builtin_manifests(own_manifests(connectors_dir));
}

std::vector<engine::Manifest> load_manifests_of(config::Config const& config) {
  auto manifests = own_manifests(config.connectors_dir);
  for (auto const& source : config.sources) {
    if (has(manifests, source.connector)) continue;
    auto manifest = engine::builtin_manifest(source.connector);
    // The error of a wrong name suggests one of all.
    if (!manifest) return with_builtin_manifests(std::move(manifests));
    manifests.push_back(std::move(*manifest).value());
  }
  return manifests;
}

}  // namespace affsync
