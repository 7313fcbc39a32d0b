#include "config/key_place.hpp"

#include <fstream>
#include <iterator>
#include <optional>

#include "base/yaml/node.hpp"

namespace affsync::config {

std::string place_of_key(std::string const& text, std::string const& file, std::string const& key) {
  try {
    std::string place;
    std::optional<yaml::Node> node = yaml::Node::parse(text, file);
    for (std::size_t from = 0; node && node->is_map() && from <= key.size();) {
      auto const end = std::min(key.find('.', from), key.size());
      auto const name = key.substr(from, end - from);
      std::optional<yaml::Node> next;
      for (auto const& [entry, value] : node->entries()) {
        if (entry.text() != name) continue;
        place = entry.where();
        next = value;
      }
      node = std::move(next);
      from = end + 1;
    }
    return place;
  } catch (Failure const&) {
    return {};
  }
}

std::vector<std::string> with_places(std::vector<std::string> keys, std::string const& file) {
  if (keys.empty()) return keys;
  std::ifstream in(file, std::ios::binary);
  std::string const text(std::istreambuf_iterator<char>(in), {});
  for (auto& key : keys) {
    auto const place = place_of_key(text, file, key);
    if (!place.empty()) key += " (" + place + ")";
  }
  return keys;
}

}  // namespace affsync::config
