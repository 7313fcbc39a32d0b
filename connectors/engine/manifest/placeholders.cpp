#include "connectors/engine/manifest/placeholders.hpp"

namespace affsync::engine {

std::optional<std::vector<std::string>> placeholder_names(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; (at = text.find("${", at)) != std::string_view::npos;) {
    auto const end = text.find('}', at);
    if (end == std::string_view::npos) return std::nullopt;
    names.emplace_back(text.substr(at + 2, end - at - 2));
    at = end + 1;
  }
  return names;
}

std::string expand_placeholders(std::string_view text, PlaceholderLookup const& lookup) {
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = text.find("${", at)) != std::string_view::npos;) {
    auto const end = text.find('}', at);
    if (end == std::string_view::npos) break;
    if (auto value = lookup(text.substr(at + 2, end - at - 2))) {
      out.append(text.substr(done, at - done));
      out.append(*value);
      done = end + 1;
    }
    at = end + 1;
  }
  out.append(text.substr(done));
  return out;
}

std::optional<std::string_view> name_in_scope(std::string_view name, std::string_view scope) {
  if (name.size() <= scope.size() + 1 || !name.starts_with(scope) || name[scope.size()] != '.') {
    return std::nullopt;
  }
  return name.substr(scope.size() + 1);
}

}  // namespace affsync::engine
