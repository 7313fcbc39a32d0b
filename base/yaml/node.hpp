// YAML with positions, for the two readers of it: the configuration and the connector files. The
// only part that includes yaml-cpp. Every misuse throws Failure(config_invalid) whose `where` is
// file:line:column; parse functions catch it once, at their top, and give a Result.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace affsync::yaml {

class Node {
 public:
  // Text that is not YAML, more than one document, a key that occurs twice: Failure.
  static Node parse(std::string_view text, std::string const& file);

  bool is_map() const;
  bool is_sequence() const;
  bool is_scalar() const;
  bool is_null() const;

  std::string where() const;              // "affsync.yaml:12:5"
  std::string text() const;               // a scalar, as written; Failure for anything else
  bool as_bool() const;                   // true, false (and yes, no, on, off)
  long as_integer(long least, long most) const;
  double as_number(double least, double most) const;
  std::vector<Node> items() const;        // of a sequence
  std::vector<std::pair<std::string, Node>> members() const;  // of a mapping, in order

  [[noreturn]] void fail(std::string message, std::string hint = {}) const;

 private:
  friend class Map;
  struct Impl;
  explicit Node(std::shared_ptr<Impl const> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl const> impl_;
};

// Reads one mapping key by key; finish() refuses every key that nobody asked for and names the
// nearest one that exists.
class Map {
 public:
  // Failure when `node` is no mapping; `what` names it in messages ("a source").
  Map(Node const& node, std::string what);
  std::optional<Node> find(std::string const& key);  // nullopt when absent or null
  Node require(std::string const& key);
  void finish() const;
  Node const& node() const { return node_; }

 private:
  Node node_;
  std::string what_;
  std::vector<std::pair<std::string, Node>> members_;
  std::set<std::string> asked_;
};

}  // namespace affsync::yaml
