#include "daemon/serve/query_string.hpp"

#include <algorithm>

#include "base/encodings.hpp"

namespace affsync::serve {

namespace {

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string plain(text);
  if (plus_is_blank) std::ranges::replace(plain, '+', ' ');
  auto decoded = percent_decoded(plain);
  // A NUL would end the text for whoever takes it as one of C.
  if (decoded && decoded->find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  auto const question = target.find('?');
  auto path = decode(target.substr(0, question), false);
  if (!path) return std::nullopt;
  Target parsed;
  parsed.path = std::move(*path);
  if (question == std::string_view::npos) return parsed;
  auto rest = target.substr(question + 1);
  while (!rest.empty()) {
    auto const pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    auto const equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return std::nullopt;
    parsed.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parsed;
}

std::vector<std::string> segments_below(std::string_view path, std::string_view folder) {
  std::vector<std::string> segments;
  if (!path.starts_with("/" + std::string(folder) + "/")) return segments;
  path.remove_prefix(folder.size() + 2);
  while (!path.empty()) {
    auto const slash = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return segments;
}

}  // namespace affsync::serve
