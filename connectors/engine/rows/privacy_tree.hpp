// What is known about the fields of a raw row: which ones are personal, and which ones are read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace affsync::engine {

class PrivacyTree {
 public:
  struct Child;
  struct Node {
    bool personal = false;        // the whole value is personal
    bool read = false;            // a mapping reads it, or the connector lists it
    bool personal_below = false;  // something inside is personal
    bool read_below = false;      // something inside is read
    std::vector<Child> children;
    std::unique_ptr<Node> items;  // of a list, if a path names an index

    // A name that is unknown as it is written is that of a personal field in another case.
    Node const* find(std::string_view name) const;
    // What is known about each item of a list: what holds for one item holds for all.
    Node const* of_items() const { return items ? items.get() : this; }
  };
  // Not std::pair, which needs properties of its members while Node is incomplete.
  struct Child {
    std::string name;
    Node node;
  };

  enum class Kind { personal, read };
  void add(JsonPath const& path, Kind kind);
  void finish();  // call it after the last add()
  Node const& root() const { return root_; }

 private:
  Node root_;
};

}  // namespace affsync::engine
