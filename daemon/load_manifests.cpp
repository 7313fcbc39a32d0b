// Loads the connectors: the built-in ones and the user's files.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "daemon/app.hpp"

namespace affsync {
namespace {

// The name that an invalid file gives its connector, or else that of the file.
std::string name_in(std::string_view text, std::filesystem::path const& file) {
  constexpr std::string_view key = "name:";
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(key)) continue;
    line = line.substr(key.size(), line.find('#') - key.size());
    line = trim_blanks(line);
    bool const is_quoted = line.size() > 1 && line.front() == line.back() &&
                           (line.front() == '"' || line.front() == '\'');
    if (is_quoted) line = line.substr(1, line.size() - 2);
    if (!line.empty()) return std::string(line);
  }
  return file.stem().string();
}

// An invalid file stops what uses it, and nothing else.
engine::Manifest read_manifest(std::string const& text, std::filesystem::path const& file) {
  auto manifest = engine::parse_manifest(text, file.string());
  if (manifest) return std::move(*manifest);
  engine::Manifest flawed;
  flawed.name = name_in(text, file);
  flawed.file = file.string();
  flawed.flaw = manifest.error();
  return flawed;
}

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
    std::string const text{std::istreambuf_iterator<char>(in), {}};
    if (!in) {
      throw Failure(ErrorCode::config_invalid,
                    "connector file " + file.string() + " cannot be read");
    }
    auto manifest = read_manifest(text, file);
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

std::vector<Error> take_flawed(std::vector<engine::Manifest>& manifests) {
  std::vector<Error> flaws;
  for (auto const& manifest : manifests) {
    if (manifest.flaw) flaws.push_back(*manifest.flaw);
  }
  std::erase_if(manifests, [](auto const& manifest) { return manifest.flaw.has_value(); });
  return flaws;
}

void warn_of_flawed(std::vector<engine::Manifest> const& manifests, config::Config const& config,
                    Logger const& log) {
  for (auto const& manifest : manifests) {
    bool const is_used = std::ranges::any_of(
        config.sources,
        [&](config::SourceConfig const& source) { return source.connector == manifest.name; });
    if (!manifest.flaw || is_used) continue;
    log.warn("a connector file that no source uses is invalid: " + manifest.flaw->to_line());
  }
}

std::vector<engine::Manifest> listed_manifests(std::vector<engine::Manifest> own) {
  auto all = with_builtin_manifests(std::move(own));
  take_flawed(all);
  std::ranges::sort(all, {}, &engine::Manifest::name);
  return all;
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
