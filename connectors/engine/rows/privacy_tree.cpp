#include "connectors/engine/rows/privacy_tree.hpp"

#include <utility>

#include "base/case_fold.hpp"

namespace affsync::engine {
namespace {

using Node = PrivacyTree::Node;

bool is_index(std::string_view step) {
  return !step.empty() && step.find_first_not_of("0123456789") == std::string_view::npos;
}

Node& child_of(Node& node, std::string_view name) {
  for (auto& [known, child] : node.children) {
    if (known == name) return child;
  }
  node.children.push_back({std::string(name), {}});
  return node.children.back().node;
}

void merge(Node const& from, Node& into) {
  into.personal |= from.personal;
  into.read |= from.read;
  for (auto const& [name, child] : from.children) merge(child, child_of(into, name));
}

void finish_node(Node& node) {
  auto items = std::make_unique<Node>();
  bool has_index = false;
  for (auto const& [name, child] : node.children) {
    if (is_index(name)) {
      has_index = true;
      merge(child, *items);
    } else {
      merge(child, child_of(*items, name));
    }
  }
  if (has_index) {
    finish_node(*items);  // with one index less on each path
    node.items = std::move(items);
  }
  for (auto& [name, child] : node.children) {
    finish_node(child);
    node.personal_below |= child.personal || child.personal_below;
    node.read_below |= child.read || child.read_below;
  }
}

}  // namespace

Node const* PrivacyTree::Node::find(std::string_view name) const {
  for (auto const& [known, child] : children) {
    if (known == name) return &child;
  }
  for (auto const& [known, child] : children) {
    bool const is_personal = child.personal || child.personal_below;
    if (is_personal && equal_folded(known, name)) return &child;
  }
  return nullptr;
}

void PrivacyTree::add(JsonPath const& path, Kind kind) {
  Node* node = &root_;
  for (auto const& step : path.steps()) node = &child_of(*node, step);
  (kind == Kind::personal ? node->personal : node->read) = true;
}

void PrivacyTree::finish() {
  finish_node(root_);
}

}  // namespace affsync::engine
