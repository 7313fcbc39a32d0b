#include "connectors/engine/manifest/keys.hpp"

#include <algorithm>
#include <stdexcept>

#include "connectors/engine/manifest/grammar.hpp"

namespace affsync::engine::grammar {
namespace {

std::string titled(Object const& object, std::string_view name) {
  std::string title(object.title);
  if (!name.empty()) title += ' ' + yaml::quoted(name);
  return title;
}

std::logic_error defect(Object const& object, std::string_view key) {
  return std::logic_error("the parser reads `" + std::string(key) + "` of " +
                          std::string(object.title) + " in another way than its table says");
}

}  // namespace

Key const* Object::find(std::string_view key) const {
  auto const found = std::ranges::find(keys, key, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

ObjectMap::ObjectMap(yaml::Node const& node, Object const& object, std::string_view name)
    : Map(node, titled(object, name)), object_(object) {}

void ObjectMap::check(std::string_view key, bool is_found) const {
  auto const* known = object_.find(key);
  if (known != nullptr && !(is_found && known->required)) return;
  throw defect(object_, key);
}

std::optional<yaml::Node> ObjectMap::find(std::string const& key) {
  check(key, true);
  return Map::find(key);
}

yaml::Node ObjectMap::require(std::string const& key) {
  check(key, false);
  return Map::require(key);
}

std::optional<yaml::Node> ObjectMap::find_as(Form form, std::string const& key) {
  auto found = find(key);
  if (object_.find(key)->form != form) throw defect(object_, key);
  return found;
}

void ObjectMap::read(std::string const& key, bool& out) {
  if (auto const node = find_as(form::flag, key)) out = node->as_bool();
}

void ObjectMap::read(std::string const& key, std::optional<bool>& out) {
  if (auto const node = find_as(form::flag, key)) out = node->as_bool();
}

void ObjectMap::read(std::string const& key, std::string& out) {
  if (auto const node = find_as(form::text, key)) out = node->text();
}

void ObjectMap::read(std::string const& key, std::optional<JsonPath>& out) {
  if (auto const node = find_as(form::path, key)) out = read_path(*node);
}

int read_integer(yaml::Node const& node, Range<int> range) {
  return static_cast<int>(node.as_integer(range.least, range.most));
}

double read_number(yaml::Node const& node, Range<double> range) {
  return node.as_number(range.least, range.most);
}

namespace form {
namespace {

Json string(std::string_view text) {
  return Json::string(std::string(text));
}

Json of_type(std::string_view type) {
  return Json::object({{"type", string(type)}});
}

Json patterned(std::string_view pattern) {
  return Json::object({{"type", string("string")}, {"pattern", string(pattern)}});
}

std::string number_text(double value) {
  auto const whole = static_cast<long>(value);
  if (static_cast<double>(whole) == value) return std::to_string(whole);
  auto text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

// A number may stand in quotes.
Json bounded(std::string_view type, std::string_view pattern, double least, double most) {
  return Json::object({{"type", Json::array({string(type), string("string")})},
                       {"minimum", Json::number(number_text(least))},
                       {"maximum", Json::number(number_text(most))},
                       {"pattern", string(pattern)}});
}

}  // namespace

Json text() {
  return scalar();
}

Json filled_text() {
  return Json::object({{"type", string("string")}, {"minLength", Json::number("1")}});
}

Json scalar() {
  return Json::object(
      {{"type", Json::array({string("string"), string("number"), string("boolean")})}});
}

Json flag() {
  return Json::object(
      {{"type", Json::array({string("boolean"), string("string")})},
       {"pattern", string("^([Tt]rue|TRUE|false|False|FALSE|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|"
                          "OFF)$")}});
}

Json path() {
  return Json::object(
      {{"type", Json::array({string("string"), string("number"), string("boolean")})},
       {"description", string("a path in JSON: names and indexes joined with dots; a name with "
                              "dots, blanks or brackets in quotes; $ is the whole document")}});
}

Json name() {
  return patterned("^[a-z][a-z0-9_]*$");
}

Json day() {
  return patterned("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
}

Json days() {
  return patterned("^[0-9]+d$");
}

Json duration() {
  return patterned("^[0-9]+(s|m|h|d)$");
}

Json integer(Range<int> range) {
  constexpr int few = 3;
  if (range.most - range.least >= few) {
    return bounded("integer", "^-?[0-9]+$", range.least, range.most);
  }
  Json::Array all;
  for (int value = range.least; value <= range.most; ++value) {
    all.push_back(Json::number(std::to_string(value)));
    all.push_back(string(std::to_string(value)));
  }
  return Json::object({{"enum", Json::array(std::move(all))}});
}

Json number(Range<double> range) {
  return bounded("number", "^-?[0-9]*[.]?[0-9]+$", range.least, range.most);
}

Json scalars_by_name() {
  return map_of(scalar());
}

Json query() {
  return map_of(scalars());
}

Json json_value() {
  return of_type("object");
}

Json of_words(std::vector<std::string_view> const& words) {
  Json::Array all;
  for (auto const word : words) all.push_back(string(word));
  return Json::object({{"enum", Json::array(std::move(all))}});
}

Json definition(std::string_view name) {
  return Json::object({{"$ref", string("#/$defs/" + std::string(name))}});
}

Json columns_reference() {
  return definition("map");
}

Json object(Object const& object) {
  return definition(object.definition);
}

Json any_of(Json::Array alternatives) {
  return Json::object({{"anyOf", Json::array(std::move(alternatives))}});
}

Json list_of(Json item, int least) {
  Json::Object list{{"type", string("array")}, {"items", std::move(item)}};
  if (least > 0) list.push_back({"minItems", Json::number(std::to_string(least))});
  return Json::object(std::move(list));
}

Json one_or_more(Json item) {
  auto list = list_of(item, 1);
  return any_of({std::move(item), std::move(list)});
}

Json map_of(Json value, int least) {
  Json::Object map{{"type", string("object")}, {"additionalProperties", std::move(value)}};
  if (least > 0) map.push_back({"minProperties", Json::number(std::to_string(least))});
  return Json::object(std::move(map));
}

Json single(Json value) {
  return Json::object({{"type", string("object")},
                       {"minProperties", Json::number("1")},
                       {"maxProperties", Json::number("1")},
                       {"additionalProperties", std::move(value)}});
}

}  // namespace form
}  // namespace affsync::engine::grammar
