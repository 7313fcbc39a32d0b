// The content of a YAML node, and Builder, which makes nodes from the events of yaml-cpp. The nodes
// of yaml-cpp itself lose duplicate keys, merge keys and the positions of keys.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml/node.hpp"

namespace affsync::yaml {

enum class NodeKind { null, scalar, sequence, map };

// What all nodes of a document share.
struct Document {
  std::string file;
  KeyWatcher watcher;
};

struct Node::Impl {
  NodeKind kind = NodeKind::null;
  std::shared_ptr<Document const> document;
  int line = 1;
  int column = 1;
  std::string text;       // scalar
  std::string written;    // the same before it was expanded; empty if it was not
  bool quoted = false;    // not a plain scalar
  bool expanded = false;  // `text` may be a secret and must not be quoted
  std::vector<Node> sequence;
  std::vector<std::pair<Node, Node>> map;
  std::size_t weight = 1;  // number of nodes including this one; an aliased value counts each time
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, std::string const& file, Expand const& expand,
          KeyWatcher const& watcher, std::string_view as_written);

  Node take() const { return root_; }
  // Formats a position of yaml-cpp (in bytes, from 0) as "file:line:column".
  std::string place(YAML::Mark const& mark) const;

  void OnDocumentStart(YAML::Mark const&) override {}
  void OnDocumentEnd() override {}
  void OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) override;
  void OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) override;
  void OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                std::string const& value) override;
  void OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override;
  void OnSequenceEnd() override;
  void OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override;
  void OnMapEnd() override;

 private:
  struct Open {  // a sequence or mapping whose end was not reached yet
    std::shared_ptr<Node::Impl> impl;
    YAML::anchor_t anchor = 0;
    std::vector<Node> children;  // of a mapping: key, value, key, value
    YAML::Mark key_mark;         // of the last key
  };

  std::shared_ptr<Node::Impl> make(NodeKind kind, YAML::Mark const& mark) const;
  void open(NodeKind kind, YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor);
  void close(std::shared_ptr<Node::Impl> impl, YAML::anchor_t anchor);
  void add(Node node);
  bool expects_key() const;
  bool is_as_written() const;
  bool has_colon(Node::Impl const& key) const;
  void check_tag(YAML::Mark const& mark, std::string const& tag) const;
  void fill_map(Node::Impl& map, std::vector<Node> const& children) const;
  void merge(Node::Impl& map, Node const& from) const;
  [[noreturn]] void fail(YAML::Mark const& mark, std::string message, std::string hint) const;

  std::vector<std::string_view> lines_;
  std::shared_ptr<Document const> document_;
  Expand const& expand_;
  std::string_view as_written_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  Node root_;
};

}  // namespace affsync::yaml
