// What is known of the places of a raw row: which ones name a person, and which ones are read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace affsync::engine {

class PrivacyTree {
 public:
  struct Child;
  struct Node {
    bool personal = false;        // this value, whole
    bool read = false;            // a mapping reads it, or the connector lists it
    bool personal_below = false;  // something within it is personal
    bool read_below = false;      // something within it is read
    std::vector<Child> children;
    std::unique_ptr<Node> items;  // of a list, where a path names an index

    Node const* find(std::string_view name) const;
    // What is known of each item when the value is a list: what is so in one of them is so in all.
    Node const* of_items() const { return items ? items.get() : this; }
  };
  // No std::pair: that one asks its parts for their properties while Node is not complete.
  struct Child {
    std::string name;
    Node node;
  };

  enum class Kind { personal, read };
  void add(std::string_view path, Kind kind);
  void finish();  // when all paths are in
  Node const& root() const { return root_; }

 private:
  Node root_;
};

}  // namespace affsync::engine
