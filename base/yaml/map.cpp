#include "base/suggest.hpp"
#include "base/yaml/builder.hpp"
#include "base/yaml/node.hpp"

namespace affsync::yaml {
Map::Map(Node const& node, std::string what) : node_(node), what_(std::move(what)) {
  if (!node.is_map()) {
    // Do not quote a text found instead of a mapping: instead of `credentials`, it may be one.
    auto const found = node.is_scalar() ? "a text" : node.shown();
    node.fail("expected " + what_ + " as a mapping, found " + found);
  }
  entries_ = node.entries();
}

std::optional<Node> Map::find(std::string const& key) {
  asked_.insert(key);
  for (auto const& [name, value] : entries_) {
    if (name.text() != key) continue;
    if (value.is_null()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

Node Map::require(std::string const& key) {
  auto found = find(key);
  if (found) return *found;
  for (auto const& [name, value] : entries_) {
    if (name.text() == key) name.fail("the key `" + key + "` of " + what_ + " has no value");
  }
  // Prefer to report a mistyped key, not a missing one.
  for (auto const& [name, value] : entries_) {
    bool const mistyped = asked_.count(name.text()) == 0 && nearest(name.text(), {key});
    if (mistyped) {
      name.fail("unknown key " + quoted(name.text()) + " in " + what_,
                "Did you mean `" + key + "`?");
    }
  }
  node_.fail(what_ + " needs the key `" + key + "`");
}

void Map::explain(std::string const& key, std::string advice) {
  explained_.emplace_back(key, std::move(advice));
}

void Map::finish() const {
  std::vector<std::string> const known(asked_.begin(), asked_.end());
  for (auto const& [name, value] : entries_) {
    auto const key = name.text();
    if (asked_.count(key) != 0) continue;
    std::string hint;
    for (auto const& [unknown, advice] : explained_) {
      if (unknown == key) hint = advice;
    }
    if (hint.empty()) {
      if (auto const near = nearest(key, known)) hint = "Did you mean `" + *near + "`?";
    }
    if (hint.empty()) {
      for (auto const& one : known) hint += (hint.empty() ? "Known are: " : ", ") + one;
      if (!hint.empty()) hint += ".";
    }
    name.fail("unknown key " + quoted(key) + " in " + what_, hint);
  }
  if (auto const& watcher = node_.impl_->document->watcher) watcher(what_, asked_);
}

}  // namespace affsync::yaml
