#include "base/yaml/node.hpp"

#include <yaml-cpp/parser.h>

#include <array>
#include <charconv>
#include <sstream>

#include "base/text.hpp"
#include "base/yaml/builder.hpp"
#include "base/yaml/syntax.hpp"

namespace affsync::yaml {
namespace {

constexpr std::size_t max_bytes = 4u << 20;

std::string to_text(double number) {
  std::array<char, 32> text{};
  auto const end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return std::string(text.data(), end);
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string out = "\"";
  for (char c : text.substr(0, longest)) {
    out += (static_cast<unsigned char>(c) < 0x20 || c == '\x7F') ? '?' : c;
  }
  if (text.size() > longest) {
    // Do not cut within a character.
    auto at = longest;
    while (at > 0 && (text[at] & '\xC0') == '\x80') {
      out.pop_back();
      --at;
    }
    out += "...";
  }
  return out + '"';
}

Node Node::parse(std::string_view text, std::string const& file, Expand const& expand,
                 KeyWatcher const& watcher, std::string_view as_written) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > max_bytes) {
    throw Failure(std::move(Error(ErrorCode::config_invalid, "larger than 4 MiB").at(file)));
  }
  Builder builder(text, file, expand, watcher, as_written);
  check_bytes(text, builder);
  try {
    // At the end of the text, yaml-cpp accepts an unclosed quote. At the end of a document (...) it
    // reports an error.
    std::istringstream in{std::string(text) + "\n...\n"};
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) return builder.take();
    Node const first = builder.take();
    if (parser.HandleNextDocument(builder)) {
      builder.take().fail("a second document after ---", "Keep one document per file.");
    }
    return first;
  } catch (YAML::ParserException const& flaw) {
    throw Failure(in_plain_words(flaw, text, builder));
  }
}

bool Node::is_map() const {
  return impl_->kind == NodeKind::map;
}
bool Node::is_sequence() const {
  return impl_->kind == NodeKind::sequence;
}
bool Node::is_scalar() const {
  return impl_->kind == NodeKind::scalar;
}
bool Node::is_null() const {
  return impl_->kind == NodeKind::null;
}

bool Node::is_quoted() const {
  return impl_->quoted;
}

bool Node::is_expanded() const {
  return impl_->expanded;
}

std::string Node::where() const {
  return impl_->document->file + ":" + std::to_string(impl_->line) + ":" +
         std::to_string(impl_->column);
}

std::string const& Node::file() const {
  return impl_->document->file;
}

void Node::fail(std::string message, std::string hint) const {
  Error error(ErrorCode::config_invalid, std::move(message), std::move(hint));
  throw Failure(std::move(error.at(where())));
}

std::string Node::text() const {
  if (!is_scalar()) fail("expected a text, found " + shown());
  return impl_->text;
}

std::string Node::written() const {
  return is_expanded() ? impl_->written : text();
}

bool Node::as_bool() const {
  auto const word = is_scalar() ? to_lower(impl_->text) : std::string();
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  fail("expected true or false, found " + shown());
}

long Node::as_integer(long least, long most) const {
  long value = 0;
  bool good = is_scalar();
  if (good) {
    auto const end = impl_->text.data() + impl_->text.size();
    auto const [stop, error] = std::from_chars(impl_->text.data(), end, value);
    good = error == std::errc{} && stop == end && value >= least && value <= most;
  }
  if (!good) {
    fail("expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
         ", found " + shown());
  }
  return value;
}

double Node::as_number(double least, double most) const {
  double value = 0;
  bool good = is_scalar();
  if (good) {
    auto const end = impl_->text.data() + impl_->text.size();
    auto const [stop, error] = std::from_chars(impl_->text.data(), end, value);
    // The range check also refuses "nan".
    good = error == std::errc{} && stop == end && value >= least && value <= most;
  }
  if (!good)
    fail("expected a number from " + to_text(least) + " to " + to_text(most) + ", found " +
         shown());
  return value;
}

std::string Node::shown() const {
  if (is_map()) return "a mapping";
  if (is_sequence()) return "a list";
  if (is_null()) return "nothing";
  return is_expanded() ? "a value from the environment" : quoted(impl_->text);
}

std::vector<Node> Node::items() const {
  if (!is_sequence()) fail("expected a list, found " + shown());
  return impl_->sequence;
}

std::vector<std::pair<Node, Node>> Node::entries() const {
  if (!is_map()) fail("expected a mapping, found " + (is_scalar() ? "a text" : shown()));
  return impl_->map;
}

std::vector<std::pair<std::string, Node>> Node::members() const {
  std::vector<std::pair<std::string, Node>> members;
  for (auto const& [key, value] : entries()) members.emplace_back(key.text(), value);
  return members;
}

}  // namespace affsync::yaml
