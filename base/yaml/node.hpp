// YAML with positions, for the two readers of it: the configuration and the connector files. The
// only part that includes yaml-cpp. Every misuse throws Failure(config_invalid) whose `where` is
// file:line:column (from 1; columns count characters, not bytes); parse functions catch it once, at
// their top, and give a Result.
//
// No message quotes a value that could be a secret: not the text around a syntax error, and not
// what `expand` put in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/yaml/key_watcher.hpp"

namespace affsync::yaml {

// Replaces a scalar value as written by what it stands for (the environment variables in it);
// nullopt leaves it alone. May throw Failure; its place is filled in.
using Expand = std::function<std::optional<std::string>(std::string const& written)>;

class Node {
 public:
  // Text that is not YAML, not UTF-8, more than one document, a key that occurs twice, nesting
  // deeper than 64, more than 4 MiB: Failure. Anchors, aliases and the merge key `<<` work. No
  // document at all is null.
  static Node parse(std::string_view text, std::string const& file, Expand const& expand = {},
                    KeyWatcher const& watcher = {});

  bool is_map() const;
  bool is_sequence() const;
  bool is_scalar() const;    // without null
  bool is_null() const;      // nothing, `~` or `null` without quotes
  bool is_expanded() const;  // `expand` replaced the text: it may be a secret

  std::string where() const;  // "affsync.yaml:12:5"
  std::string text() const;   // a scalar, as written; Failure for anything else
  bool as_bool() const;       // true, false (and yes, no, on, off)
  long as_integer(long least, long most) const;
  double as_number(double least, double most) const;
  std::vector<Node> items() const;  // of a sequence
  // Of a mapping, in order.
  std::vector<std::pair<std::string, Node>> members() const;
  // The same with the place of each key, for errors about the key itself.
  std::vector<std::pair<Node, Node>> entries() const;

  // What stands here, for a message: a quoted text (never an expanded one), "a list" and so on.
  std::string shown() const;
  [[noreturn]] void fail(std::string message, std::string hint = {}) const;

 private:
  friend class Builder;
  friend class Map;
  struct Impl;
  explicit Node(std::shared_ptr<Impl const> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl const> impl_;
};

// The text between quotes for a message: shortened, without control characters.
std::string quoted(std::string_view text);

// Reads one mapping key by key; finish() refuses every key that nobody asked for and names the
// nearest one that exists.
class Map {
 public:
  // Failure when `node` is no mapping; `what` names it in messages ("a source").
  Map(Node const& node, std::string what);
  std::optional<Node> find(std::string const& key);  // nullopt when absent or null
  Node require(std::string const& key);
  // The advice for a key that somebody is likely to try but that does not exist.
  void explain(std::string const& key, std::string advice);
  void finish() const;
  Node const& node() const { return node_; }

 private:
  Node node_;
  std::string what_;
  std::vector<std::pair<Node, Node>> entries_;
  std::set<std::string> asked_;
  std::vector<std::pair<std::string, std::string>> explained_;
};

}  // namespace affsync::yaml
