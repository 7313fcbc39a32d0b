// Texts of what decides what is stored of a stream: rows that were stored with another one must be
// read again.
#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/json.hpp"
#include "connectors/engine/manifest/grammar.hpp"

namespace affsync::engine::grammar {
namespace {

// Appends a text that depends only on the content, not on layout and comments.
void append_content(std::string& text, yaml::Node const& node) {
  if (node.is_map()) {
    text += '{';
    for (auto const& [name, value] : node.entries()) {
      if (name.is_null()) {
        text += "null";
      } else {
        append_json_string(text, name.text());
      }
      text += ':';
      append_content(text, value);
      text += ',';
    }
    text += '}';
  } else if (node.is_sequence()) {
    text += '[';
    for (auto const& item : node.items()) {
      append_content(text, item);
      text += ',';
    }
    text += ']';
  } else {
    append_json_string(text, node.is_null() ? std::string() : node.text());
  }
}

std::string read_mapping_text(yaml::Node const& stream, bool is_of_content) {
  constexpr std::array decisive{"table",   "key",    "map", "also", "where", "mode",
                                "records", "format", "csv", "xml",  "xlsx"};
  // What is kept of a row is the content that a key may be made of.
  constexpr std::array content{"personal", "volatile", "raw"};
  std::string text;
  for (auto const& [name, value] : stream.members()) {
    bool const decides = std::ranges::find(decisive, name) != decisive.end() ||
                         (is_of_content && std::ranges::find(content, name) != content.end());
    if (!decides) continue;
    text += name + ':';
    append_content(text, value);
  }
  // Once only A to Z were compared without case: what other words have made is made again.
  bool const all_ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!all_ascii) text += "case of all letters";
  return text;
}

// The members that have one of these names.
std::string members_text(yaml::Node const& mapping, std::initializer_list<std::string_view> names) {
  std::string text;
  for (auto const& [name, value] : mapping.members()) {
    if (std::ranges::find(names, name) == names.end()) continue;
    text += name + ':';
    append_content(text, value);
  }
  return text;
}

// Those of the stream and of its further tables.
std::string read_text_of(yaml::Node const& stream, std::initializer_list<std::string_view> names) {
  std::string text = members_text(stream, names);
  for (auto const& [name, value] : stream.members()) {
    if (name != "also") continue;
    for (auto const& item : value.items()) text += members_text(item, names);
  }
  return text;
}

}  // namespace

void read_decisive_texts(yaml::Node const& node, StreamSpec& stream) {
  stream.mapping_text = read_mapping_text(node, stream.map.hash.has_value());
  bool const of_all = stream.map.hash && stream.map.hash->fields.empty();
  // Such a key was once made of mail addresses too, and of fields that are known to be personal
  // since.
  if (of_all) stream.mapping_text += "no mail addresses";
  stream.key_text = of_all ? stream.mapping_text : read_text_of(node, {"key", "table"});
  stream.where_text = read_text_of(node, {"where"});
}

std::string cut_text_of(yaml::Node const& node, WindowSpec const& window) {
  auto text = members_text(node, {"form", "format", "last", "span", "max_span"});
  // Else the zone says no more than which day is today.
  if (window.has_times()) text += members_text(node, {"zone"});
  return text;
}

}  // namespace affsync::engine::grammar
