#include "base/yaml/node.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

#include "base/suggest.hpp"
#include "base/yaml/builder.hpp"

namespace affsync::yaml {
namespace {

constexpr std::size_t max_bytes = 4u << 20;

struct Words {
  std::string_view theirs;  // how yaml-cpp's message begins
  std::string_view ours;
  std::string_view hint;
};

constexpr std::string_view quote_hint = "Put a text with special characters in quotes.";

// yaml-cpp's messages are for programmers, and some quote the text, which may be a password.
constexpr Words plain_words[] = {
    {"illegal tab", "a tab in the indentation", "Indent with blanks."},
    {"illegal map value", "a second `: ` on the line, or wrong indentation", quote_hint},
    {"illegal map key", "a key where none can stand", "Check the indentation."},
    {"illegal block entry", "a list item where none can stand", "Check the indentation."},
    {"illegal flow end", "a closing bracket without an opening one", quote_hint},
    {"end of map flow", "a { without its }", {}},
    {"end of sequence flow", "a [ without its ]", {}},
    {"end of map", "a line that does not fit the mapping it stands in",
     "Check the indentation, and that each key ends with a colon and a blank."},
    {"end of sequence", "a line that does not fit the list it stands in", "Check the indentation."},
    {"illegal EOF", "a quote that is not closed", {}},
    {"unknown escape", "an unknown escape after a backslash",
     "In double quotes write \\\\ for a backslash, or use single quotes."},
    {"invalid unicode", "an escape that is no character", {}},
    {"bad character found while scanning hex", "an escape that is no character", {}},
    {"the referenced anchor", "an alias (a word that begins with *) that names nothing",
     quote_hint},
    {"alias not found", "a * that names nothing", quote_hint},
    {"anchor not found", "an & that names nothing", quote_hint},
    {"illegal character found while scanning", "a special character at the start of a text",
     quote_hint},
    {"unknown token", "a character that no text can begin with without quotes", quote_hint},
    {"cannot assign multiple", "two tags, anchors or aliases for one value", quote_hint},
};

Error in_plain_words(YAML::ParserException const& flaw, std::string const& place) {
  Error error(ErrorCode::config_invalid, "not valid YAML", std::string(quote_hint));
  for (auto const& words : plain_words) {
    if (!flaw.msg.starts_with(words.theirs)) continue;
    error.message += ": " + std::string(words.ours);
    error.hint = words.hint;
    break;
  }
  error.where = place;
  return error;
}

// The byte at which `text` stops being UTF-8 without control characters; npos when it never does.
std::size_t first_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto const byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    unsigned const lead = byte(i);
    if (lead < 0x80) {
      bool const allowed = lead >= 0x20 || lead == '\t' || lead == '\n' || lead == '\r';
      if (!allowed || lead == 0x7F) return i;
      ++i;
      continue;
    }
    std::size_t const length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return i;
    }
    unsigned const second = byte(i + 1);
    bool const overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    bool const surrogate = lead == 0xED && second >= 0xA0;
    bool const beyond = lead == 0xF4 && second >= 0x90;
    if (overlong || surrogate || beyond) return i;
    i += length;
  }
  return std::string_view::npos;
}

void check_bytes(std::string_view text, Builder const& builder) {
  auto const bad = first_bad_byte(text);
  if (bad == std::string_view::npos) return;
  YAML::Mark mark;
  mark.line =
      static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(bad), '\n'));
  auto const line_start = bad == 0 ? std::string_view::npos : text.rfind('\n', bad - 1);
  mark.column = static_cast<int>(line_start == std::string_view::npos ? bad : bad - line_start - 1);
  bool const is_control = static_cast<unsigned char>(text[bad]) < 0x80;
  Error error(ErrorCode::config_invalid,
              is_control ? "a control character in the text" : "the text is not UTF-8",
              is_control ? "Remove it." : "Save the file in the UTF-8 encoding.");
  throw Failure(std::move(error.at(builder.place(mark))));
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

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
    // Not in the middle of a character.
    auto at = longest;
    while (at > 0 && (text[at] & '\xC0') == '\x80') {
      out.pop_back();
      --at;
    }
    out += "...";
  }
  return out + '"';
}

Node Node::parse(std::string_view text, std::string const& file, Expand const& expand) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > max_bytes) {
    throw Failure(std::move(Error(ErrorCode::config_invalid, "larger than 4 MiB").at(file)));
  }
  Builder builder(text, file, expand);
  check_bytes(text, builder);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) return builder.take();
    Node const first = builder.take();
    if (parser.HandleNextDocument(builder)) {
      builder.take().fail("a second document after ---", "Keep one document in a file.");
    }
    return first;
  } catch (YAML::ParserException const& flaw) {
    throw Failure(in_plain_words(flaw, builder.place(flaw.mark)));
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

std::string Node::where() const {
  return *impl_->file + ":" + std::to_string(impl_->line) + ":" + std::to_string(impl_->column);
}

void Node::fail(std::string message, std::string hint) const {
  Error error(ErrorCode::config_invalid, std::move(message), std::move(hint));
  throw Failure(std::move(error.at(where())));
}

std::string Node::text() const {
  if (!is_scalar()) fail("expected a text, found " + shown());
  return impl_->text;
}

bool Node::as_bool() const {
  auto const word = is_scalar() ? lower(impl_->text) : std::string();
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
    // The comparison also refuses "nan".
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
  if (!is_map()) fail("expected a mapping, found " + shown());
  return impl_->map;
}

std::vector<std::pair<std::string, Node>> Node::members() const {
  std::vector<std::pair<std::string, Node>> members;
  for (auto const& [key, value] : entries()) members.emplace_back(key.text(), value);
  return members;
}

Map::Map(Node const& node, std::string what) : node_(node), what_(std::move(what)) {
  if (!node.is_map()) node.fail("expected " + what_ + " as a mapping, found " + node.shown());
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
  if (!found) node_.fail(what_ + " needs the key `" + key + "`");
  return *found;
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
}

}  // namespace affsync::yaml
