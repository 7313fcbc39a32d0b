#include "base/yaml/builder.hpp"

#include <algorithm>
#include <set>

namespace affsync::yaml {
namespace {

constexpr std::size_t max_depth = 64;
// Limits nodes including aliased ones: nested aliases can expand to more nodes than fit in memory.
constexpr std::size_t max_weight = 200'000;

}  // namespace

Builder::Builder(std::string_view text, std::string const& file, Expand const& expand,
                 KeyWatcher const& watcher, std::string_view as_written)
    : document_(std::make_shared<Document const>(Document{file, watcher})),
      expand_(expand),
      as_written_(as_written),
      root_(nullptr) {
  for (std::size_t from = 0;;) {
    auto const end = text.find('\n', from);
    lines_.push_back(text.substr(from, end - from));
    if (end == std::string_view::npos) break;
    from = end + 1;
  }
  root_ = Node(make(NodeKind::null, YAML::Mark()));
}

std::shared_ptr<Node::Impl> Builder::make(NodeKind kind, YAML::Mark const& mark) const {
  auto impl = std::make_shared<Node::Impl>();
  impl->kind = kind;
  impl->document = document_;
  impl->line = std::max(mark.line, 0) + 1;
  // yaml-cpp counts bytes, but editors show columns in characters.
  auto const bytes = static_cast<std::size_t>(std::max(mark.column, 0));
  auto const index = static_cast<std::size_t>(impl->line - 1);
  std::size_t characters = bytes;
  if (index < lines_.size() && bytes <= lines_[index].size()) {
    auto const before = lines_[index].substr(0, bytes);
    characters = static_cast<std::size_t>(
        std::count_if(before.begin(), before.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
  }
  impl->column = static_cast<int>(characters) + 1;
  return impl;
}

std::string Builder::place(YAML::Mark const& mark) const {
  return Node(make(NodeKind::null, mark)).where();
}

void Builder::fail(YAML::Mark const& mark, std::string message, std::string hint) const {
  Node(make(NodeKind::null, mark)).fail(std::move(message), std::move(hint));
}

void Builder::check_tag(YAML::Mark const& mark, std::string const& tag) const {
  if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
  fail(mark, "a type tag (a word that begins with !) is not supported",
       "Put a text that begins with ! in quotes.");
}

bool Builder::expects_key() const {
  return !stack_.empty() && stack_.back().impl->kind == NodeKind::map &&
         stack_.back().children.size() % 2 == 0;
}

bool Builder::is_as_written() const {
  if (as_written_.empty() || stack_.size() < 2) return false;
  auto const& map = stack_[stack_.size() - 2];
  return stack_.back().impl->kind == NodeKind::sequence && map.impl->kind == NodeKind::map &&
         map.children.size() % 2 == 1 && map.children.back().impl_->text == as_written_;
}

void Builder::add(Node node) {
  if (stack_.empty()) {
    root_ = std::move(node);
    return;
  }
  auto& parent = stack_.back();
  parent.impl->weight += node.impl_->weight;
  if (parent.impl->weight > max_weight) {
    node.fail("the document expands to too many values", "Use fewer aliases.");
  }
  bool const may_be_key =
      node.impl_->kind == NodeKind::scalar || node.impl_->kind == NodeKind::null;
  if (expects_key() && !may_be_key) {
    node.fail("a key must be a plain text");
  }
  parent.children.push_back(std::move(node));
}

void Builder::close(std::shared_ptr<Node::Impl> impl, YAML::anchor_t anchor) {
  Node node(std::move(impl));
  if (anchor != 0) anchors_.insert_or_assign(anchor, node);
  add(std::move(node));
}

// Returns whether a colon follows the last key. yaml-cpp accepts a text without a colon as a key
// without a value: if a user forgets the colon or the blank, a password would become a key.
bool Builder::has_colon(Node::Impl const& key) const {
  auto const& mark = stack_.back().key_mark;
  if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= lines_.size()) return true;
  auto rest = lines_[static_cast<std::size_t>(mark.line)];
  rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(std::max(mark.column, 0))));
  bool const in_quotes = !rest.empty() && (rest.front() == '"' || rest.front() == '\'');
  if (in_quotes) rest.remove_prefix(1);
  if (!rest.starts_with(key.text)) return true;  // written with escapes
  rest.remove_prefix(std::min(rest.size(), key.text.size() + (in_quotes ? 1 : 0)));
  auto const next = rest.find_first_not_of(" \t");
  return next != rest.npos && rest[next] == ':';
}

void Builder::OnNull(YAML::Mark const& mark, YAML::anchor_t anchor) {
  auto impl = make(NodeKind::null, mark);
  // yaml-cpp gives an empty value the position of the next token.
  if (stack_.empty()) {
    impl->line = impl->column = 1;
  } else if (stack_.back().impl->kind == NodeKind::map && !expects_key()) {
    auto const& key = stack_.back().children.back();
    if (!has_colon(*key.impl_)) {
      key.fail("a key without a colon and a value", "Write `key: value`, with a blank between.");
    }
    impl->line = key.impl_->line;
    impl->column = key.impl_->column;
  } else if (expects_key()) {
    stack_.back().key_mark = YAML::Mark::null_mark();
  }
  close(std::move(impl), anchor);
}

void Builder::OnAlias(YAML::Mark const& mark, YAML::anchor_t anchor) {
  auto const found = anchors_.find(anchor);
  if (found == anchors_.end()) fail(mark, "an alias is inside the value that it names", {});
  if (expects_key()) stack_.back().key_mark = YAML::Mark::null_mark();
  add(found->second);
}

void Builder::OnScalar(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                       std::string const& value) {
  check_tag(mark, tag);
  auto impl = make(NodeKind::scalar, mark);
  impl->text = value;
  impl->quoted = tag == "!";
  if (expand_ && !expects_key() && !is_as_written()) {
    try {
      if (auto text = expand_(value)) {
        impl->text = std::move(*text);
        impl->written = value;
        impl->expanded = true;
      }
    } catch (Failure const& failure) {
      Error error = failure.error();
      throw Failure(std::move(error.at(place(mark))));
    }
  }
  if (impl->text.find('\0') != std::string::npos)
    fail(mark, "a text contains the character U+0000", {});
  if (expects_key()) stack_.back().key_mark = mark;
  close(std::move(impl), anchor);
}

void Builder::open(NodeKind kind, YAML::Mark const& mark, std::string const& tag,
                   YAML::anchor_t anchor) {
  if (stack_.size() >= max_depth) fail(mark, "nested too deeply", {});
  check_tag(mark, tag);
  Open entry;
  entry.impl = make(kind, mark);
  entry.anchor = anchor;
  stack_.push_back(std::move(entry));
}

void Builder::OnSequenceStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                              YAML::EmitterStyle::value) {
  open(NodeKind::sequence, mark, tag, anchor);
}

void Builder::OnSequenceEnd() {
  Open entry = std::move(stack_.back());
  stack_.pop_back();
  entry.impl->sequence = std::move(entry.children);
  close(std::move(entry.impl), entry.anchor);
}

void Builder::OnMapStart(YAML::Mark const& mark, std::string const& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) {
  open(NodeKind::map, mark, tag, anchor);
}

void Builder::OnMapEnd() {
  Open entry = std::move(stack_.back());
  stack_.pop_back();
  fill_map(*entry.impl, entry.children);
  close(std::move(entry.impl), entry.anchor);
}

void Builder::fill_map(Node::Impl& map, std::vector<Node> const& children) const {
  std::map<std::string_view, Node> seen;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    auto const& key = children[i];
    auto const [first, is_new] = seen.emplace(key.impl_->text, key);
    if (!is_new) {
      key.fail("the key " + quoted(key.impl_->text) + " occurs twice",
               "The first one is at " + first->second.where() + ".");
    }
    if (key.impl_->text != "<<") map.map.emplace_back(key, children[i + 1]);
  }
  auto const found = seen.find("<<");
  if (found == seen.end()) return;
  // The mapping's own keys override merged ones, so merge afterwards.
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    if (children[i].impl_->text != "<<") continue;
    auto const& from = children[i + 1];
    if (from.is_sequence()) {
      for (auto const& one : from.items()) merge(map, one);
    } else {
      merge(map, from);
    }
  }
}

void Builder::merge(Node::Impl& map, Node const& from) const {
  if (!from.is_map()) from.fail("<< takes a mapping or a list of mappings");
  std::set<std::string_view> own;
  for (auto const& [key, value] : map.map) own.insert(key.impl_->text);
  for (auto const& [key, value] : from.impl_->map) {
    if (own.count(key.impl_->text) == 0) map.map.emplace_back(key, value);
  }
}

}  // namespace affsync::yaml
