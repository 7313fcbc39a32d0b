#include "connectors/engine/manifest/answer_hints.hpp"

#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Key answer_header_table[] = {
    {"header", form::text, "name of the header", "", true},
};

bool is_no_path(yaml::Node const& node) {
  return node.is_scalar() && !node.is_quoted() && node.text() == "false";
}

}  // namespace

Object const answer_header_keys{"a header of the answer", "answer_header", answer_header_table};

namespace form {

Json answer_hint() {
  return any_of({path(), object(answer_header_keys)});
}

Json answer_hint_or_false() {
  return any_of(
      {path(), object(answer_header_keys), Json::object({{"const", Json::boolean(false)}})});
}

}  // namespace form

void read_hint(yaml::Node const& node, std::optional<JsonPath>& path, std::string& header) {
  if (!node.is_map()) {
    path = read_path(node);
    return;
  }
  ObjectMap map(node, answer_header_keys);
  auto const name = map.require("header");
  header = name.text();
  if (!is_header_name(header)) {
    name.fail(yaml::quoted(header) + " is not the name of an HTTP header");
  }
  map.finish();
}

void read_hint(ObjectMap& map, std::string const& key, std::optional<JsonPath>& path,
               std::string& header) {
  if (auto const node = map.find(key)) read_hint(*node, path, header);
}

void read_more(ObjectMap& map, std::optional<JsonPath>& path, std::string& header) {
  auto const node = map.find("more");
  if (node && !is_no_path(*node)) read_hint(*node, path, header);
}

bool ignores_more(yaml::Node const& page) {
  return std::ranges::any_of(page.members(), [](auto const& member) {
    return member.first == "more" && is_no_path(member.second);
  });
}

}  // namespace affsync::engine::grammar
