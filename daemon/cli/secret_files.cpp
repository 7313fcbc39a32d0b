#include "daemon/cli/secret_files.hpp"

#include <algorithm>
#include <filesystem>

namespace affsync::cli {
namespace {

namespace fs = std::filesystem;

bool has_any(fs::path const& path, fs::perms wanted) {
  std::error_code failed;
  auto const status = fs::status(path, failed);
  return !failed && (status.permissions() & wanted) != fs::perms::none;
}

bool is_open_to_all(fs::path const& file) {
  std::error_code failed;
  auto const path = fs::canonical(file, failed);
  if (failed || !has_any(path, fs::perms::others_read | fs::perms::others_write)) return false;
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    if (!has_any(folder, fs::perms::others_exec)) return false;
    if (folder == folder.root_path()) return true;
  }
}

}  // namespace

std::vector<std::string> secret_files_open_to_all(config::Config const& config) {
  auto files = config.secret_files;
  if (config.http.tls) files.push_back(config.http.tls->key);
  for (auto const& source : config.sources) {
    if (!source.key_file.empty()) files.push_back(source.key_file);
  }
  std::vector<std::string> open;
  for (auto const& file : files) {
    bool const is_new = std::ranges::find(open, file) == open.end();
    if (is_new && is_open_to_all(file)) open.push_back(file);
  }
  return open;
}

}  // namespace affsync::cli
