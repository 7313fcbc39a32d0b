#include "config/outline.hpp"

#include "base/yaml/node.hpp"

namespace affsync::config {
namespace {

std::string text_of(yaml::Node const& node) {
  return node.is_scalar() ? node.text() : std::string();
}

OutlinedSource read_source(yaml::Node const& item) {
  OutlinedSource source;
  if (!item.is_map()) return source;
  for (auto const& [key, value] : item.members()) {
    if (key == "name") source.name = text_of(value);
    if (key == "connector") source.connector = text_of(value);
  }
  return source;
}

std::vector<std::string> read_receivers(yaml::Node const& alerts) {
  std::vector<std::string> names;
  if (!alerts.is_map()) return names;
  for (auto const& [key, list] : alerts.members()) {
    if (key != "to" || !list.is_sequence()) continue;
    for (auto const& item : list.items()) {
      // A receiver begins like a source.
      if (auto name = read_source(item).name; !name.empty()) names.push_back(std::move(name));
    }
  }
  return names;
}

}  // namespace

Outline outline_of(std::string_view yaml) try {
  Outline outline;
  auto const root = yaml::Node::parse(yaml, "the configuration");
  if (!root.is_map()) return outline;
  for (auto const& [key, value] : root.members()) {
    if (key == "connectors_dir") outline.connectors_dir = text_of(value);
    if (key == "alerts") outline.receivers = read_receivers(value);
    if (key != "sources" || !value.is_sequence()) continue;
    for (auto const& item : value.items()) {
      auto source = read_source(item);
      if (!source.name.empty()) outline.sources.push_back(std::move(source));
    }
  }
  return outline;
} catch (Failure const&) {
  return {};
}

}  // namespace affsync::config
