// YAML with positions, for the configuration and the connector files. Only base/yaml includes
// yaml-cpp. Invalid input throws Failure(config_invalid) whose `where` is file:line:column (from 1;
// columns count characters, not bytes). Parse functions catch it at their top level and return a
// Result.
//
// No message quotes a value that could be a secret: neither the text around a syntax error nor a
// value that `expand` inserted.
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

// Returns a scalar value with its environment variables replaced; nullopt leaves the value as it
// is. May throw Failure; the parser adds the location.
using Expand = std::function<std::optional<std::string>(std::string const& written)>;

class Node {
 public:
  // Parses one YAML document. Supports anchors, aliases and the merge key `<<`. An empty text gives
  // null. Throws Failure for text that is not YAML or not UTF-8, more than one document, a
  // duplicate key, nesting deeper than 64, or more than 4 MiB. The items of a list that is the
  // value of the key `as_written` are not expanded: who reads it knows more variables.
  static Node parse(std::string_view text, std::string const& file, Expand const& expand = {},
                    KeyWatcher const& watcher = {}, std::string_view as_written = {});

  bool is_map() const;
  bool is_sequence() const;
  bool is_scalar() const;    // false for null
  bool is_null() const;      // an empty value, or `~` or `null` without quotes
  bool is_quoted() const;    // a scalar that does not stand there plainly: "5", '5', or a block
  bool is_expanded() const;  // `expand` replaced the text, which may now be a secret

  std::string where() const;        // "affsync.yaml:12:5"
  std::string const& file() const;  // "affsync.yaml"
  std::string text() const;         // a scalar, as written; throws Failure for any other node
  bool as_bool() const;             // true, false (and yes, no, on, off)
  long as_integer(long least, long most) const;
  double as_number(double least, double most) const;
  std::vector<Node> items() const;  // of a sequence
  // The entries of a mapping, in order.
  std::vector<std::pair<std::string, Node>> members() const;
  // The same with the key as a node, for errors about the key itself. It may be null, which is no
  // text.
  std::vector<std::pair<Node, Node>> entries() const;

  // A scalar with the names of its environment variables in place of their values, so that a
  // message can show a path or a name; for others, text().
  std::string written() const;
  // Describes this node for a message: its quoted text (never an expanded one), "a list" and so on.
  std::string shown() const;
  [[noreturn]] void fail(std::string message, std::string hint = {}) const;

 private:
  friend class Builder;
  friend class Map;
  struct Impl;
  explicit Node(std::shared_ptr<Impl const> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl const> impl_;
};

// Quotes a text for a message: shortened, control characters replaced.
std::string quoted(std::string_view text);

// Reads one mapping key by key. finish() refuses every key that was never requested and suggests
// the most similar known key.
class Map {
 public:
  // Throws Failure if `node` is not a mapping. `what` names it in messages ("a source").
  Map(Node const& node, std::string what);
  std::optional<Node> find(std::string const& key);  // nullopt if missing or null
  Node require(std::string const& key);
  // Sets the hint for a key that does not exist but that users are likely to try.
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
