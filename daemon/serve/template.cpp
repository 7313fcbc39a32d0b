#include "daemon/serve/template.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "daemon/serve/template_forms.hpp"

namespace affsync::serve {

namespace {

constexpr int deepest = 32;  // partials within partials

using Path = std::vector<std::string>;

Path path_of(std::string_view name) {
  Path path;
  if (name == ".") return path;
  while (!name.empty()) {
    auto const dot = std::min(name.find('.'), name.size());
    path.emplace_back(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return path;
}

std::string joined(Path const& path) {
  if (path.empty()) return ".";
  std::string text;
  for (auto const& step : path) text += (text.empty() ? "" : ".") + step;
  return text;
}

bool is_empty(Json const& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return true;
    case Json::Kind::boolean:
      return !value.as_bool();
    case Json::Kind::number:
      return value.number_text() == "0";
    case Json::Kind::string:
      return value.as_string().empty();
    case Json::Kind::array:
      return value.items().empty();
    case Json::Kind::object:
      return false;
  }
  return true;
}

}  // namespace

struct Templates::Node {
  enum class Kind { text, value, section, condition, inverted, partial };
  Kind kind = Kind::text;
  std::string text;  // of a text; the name of a partial; the form of a value
  Path path;
  std::vector<Node> inner;  // of sections
};

struct Templates::Parser {
  std::string const& name;
  std::string_view rest;
  int line = 1;

  [[noreturn]] void fail(std::string const& what) const {
    throw Failure(ErrorCode::internal,
                  "template " + name + ", line " + std::to_string(line) + ": " + what);
  }

  std::string_view take(std::size_t bytes) {
    auto const piece = rest.substr(0, bytes);
    line += static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
    rest.remove_prefix(bytes);
    return piece;
  }

  // Reads up to the end of the section `open`; of the whole text if it is null.
  std::vector<Node> read(std::string const* open) {
    std::vector<Node> nodes;
    for (;;) {
      auto const begin = rest.find("{{");
      auto const text = take(std::min(begin, rest.size()));
      if (!text.empty()) {
        Node node;
        node.text = text;
        nodes.push_back(std::move(node));
      }
      if (rest.empty()) {
        if (open != nullptr) fail("the section " + *open + " has no end");
        return nodes;
      }
      auto const end = rest.find("}}");
      if (end == std::string_view::npos) fail("{{ without }}");
      auto const tag = trim_blanks(take(end + 2).substr(2, end - 2));
      if (tag.empty()) fail("a tag is empty");
      auto const sign = tag.front();
      auto const word = std::string(trim_blanks(tag.substr(1)));
      if (sign == '!') continue;
      if (sign == '/') {
        if (open == nullptr || word != *open) fail("{{/" + word + "}} ends no section");
        return nodes;
      }
      nodes.push_back(node_of(sign, word, tag));
    }
  }

  Node node_of(char sign, std::string const& word, std::string_view tag) {
    Node node;
    if (sign == '#' || sign == '^' || sign == '?') {
      node.kind = sign == '#'   ? Node::Kind::section
                  : sign == '?' ? Node::Kind::condition
                                : Node::Kind::inverted;
      node.path = path_of(word);
      node.inner = read(&word);
    } else if (sign == '>') {
      node.kind = Node::Kind::partial;
      node.text = word;
    } else {
      node.kind = Node::Kind::value;
      auto const bar = std::min(tag.find('|'), tag.size());
      node.path = path_of(trim_blanks(tag.substr(0, bar)));
      if (bar < tag.size()) node.text = trim_blanks(tag.substr(bar + 1));
      if (!node.text.empty() && !is_form(node.text)) fail("there is no form " + node.text);
    }
    return node;
  }
};

struct Templates::Filler {
  Templates const& templates;
  TimePoint now;
  std::vector<std::string>* unknown;
  std::vector<Json const*> around;  // the innermost value last
  std::string out;
  int depth = 0;

  // Only the first name decides in which value to look. A member of null is null.
  Json const* find(Path const& path) const {
    if (path.empty()) return around.back();
    for (auto level = around.rbegin(); level != around.rend(); ++level) {
      auto const* found = (*level)->find(path.front());
      if (found == nullptr) continue;
      for (std::size_t step = 1; step < path.size(); ++step) {
        if (found->is_null()) return found;
        found = found->find(path[step]);
        if (found == nullptr) return nullptr;
      }
      return found;
    }
    return nullptr;
  }

  Json const& look_up(Path const& path) const {
    static Json const none;
    auto const* found = find(path);
    if (found == nullptr && unknown != nullptr) unknown->push_back(joined(path));
    return found == nullptr ? none : *found;
  }

  void fill_file(std::string_view name) {
    auto const found = templates.templates_.find(name);
    if (found == templates.templates_.end()) {
      throw Failure(ErrorCode::internal, "there is no template " + std::string(name));
    }
    if (++depth > deepest) {
      throw Failure(ErrorCode::internal, "template " + std::string(name) + " includes itself");
    }
    fill_nodes(found->second);
    --depth;
  }

  void fill_inner(Json const& value, Node const& node) {
    around.push_back(&value);
    fill_nodes(node.inner);
    around.pop_back();
  }

  void fill_value(Node const& node) {
    auto const& value = look_up(node.path);
    auto const text = value.scalar_text();
    if (!text) return;
    if (node.text.empty()) {
      out += escape_html(*text);
      return;
    }
    static Path const currency_name{"currency"};
    FormContext context;
    context.now = now;
    if (auto const* currency = find(currency_name)) {
      context.currency = std::string(currency->scalar_text().value_or(""));
    }
    out += escape_html(in_form(node.text, *text, context));
  }

  void fill_nodes(std::vector<Node> const& nodes) {
    for (auto const& node : nodes) {
      switch (node.kind) {
        case Node::Kind::text:
          out += node.text;
          break;
        case Node::Kind::value:
          fill_value(node);
          break;
        case Node::Kind::partial:
          fill_file(node.text);
          break;
        case Node::Kind::condition:
          if (!is_empty(look_up(node.path))) fill_nodes(node.inner);
          break;
        case Node::Kind::inverted:
          if (is_empty(look_up(node.path))) fill_nodes(node.inner);
          break;
        case Node::Kind::section: {
          auto const& value = look_up(node.path);
          if (is_empty(value)) break;
          if (value.is_array()) {
            for (auto const& item : value.items()) fill_inner(item, node);
          } else {
            fill_inner(value, node);
          }
          break;
        }
      }
    }
  }
};

Templates::Templates() = default;
Templates::~Templates() = default;
Templates::Templates(Templates&&) noexcept = default;
Templates& Templates::operator=(Templates&&) noexcept = default;

void Templates::add(std::string const& name, std::string_view text) {
  // The line end of the file is not part of a template that others use within a line.
  if (text.ends_with('\n')) text.remove_suffix(1);
  Parser parser{name, text};
  templates_[name] = parser.read(nullptr);
}

std::string Templates::fill(std::string_view name, Json const& data, TimePoint now,
                            std::vector<std::string>* unknown) const {
  Filler filler{*this, now, unknown, {&data}, {}};
  filler.fill_file(name);
  return std::move(filler.out);
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (char const letter : text) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

}  // namespace affsync::serve
