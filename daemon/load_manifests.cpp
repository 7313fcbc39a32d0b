// Loads the connectors: the built-in ones and the user's files.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/app.hpp"

namespace affsync {

std::vector<engine::Manifest> load_manifests(std::string const& connectors_dir) {
  auto manifests = engine::builtin_manifests().value();
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

}  // namespace affsync
