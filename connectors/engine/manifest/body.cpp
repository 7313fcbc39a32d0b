// Parses `body` of a stream: what a read by POST sends.
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"
#include "connectors/engine/values/json_texts.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Key body_table[] = {
    {"json", form::json_value, "a JSON body; numbers and words without quotes are sent as such"},
    {"form", form::scalars_by_name, "fields of an urlencoded body"},
    {"graphql", form::text, "a GraphQL query"},
    {"variables", form::json_value, "graphql: its variables"},
};

}  // namespace

Object const body_keys{
    "a body", "body", body_table, false,
    R"({"oneOf": [{"required": ["json"]}, {"required": ["form"]}, {"required": ["graphql"]}]})"};

Json read_json_template(yaml::Node const& node, Declared const& declared, Placeholders allowed) {
  if (node.is_map()) {
    Json::Object members;
    for (auto const& [name, value] : node.members()) {
      members.push_back({name, read_json_template(value, declared, allowed)});
    }
    return Json::object(std::move(members));
  }
  if (node.is_sequence()) {
    Json::Array items;
    for (auto const& item : node.items()) {
      items.push_back(read_json_template(item, declared, allowed));
    }
    return Json::array(std::move(items));
  }
  if (node.is_null()) return {};
  auto text = read_template(node, declared, allowed);
  if (!node.is_quoted()) {
    if (text == "true" || text == "false") return Json::boolean(text == "true");
    if (is_json_number(text)) return Json::number(std::move(text));
  }
  return Json::string(std::move(text));
}

BodySpec read_body(yaml::Node const& node, Declared const& declared) {
  ObjectMap map(node, body_keys);
  constexpr Placeholders allowed{.settings = true};
  auto const json = map.find("json");
  auto const fields = map.find("form");
  auto const graphql = map.find("graphql");
  auto const variables = map.find("variables");
  map.finish();
  if (int(json.has_value()) + int(fields.has_value()) + int(graphql.has_value()) != 1) {
    node.fail("a body is one of `json`, `form` and `graphql`");
  }
  if (variables && !graphql) variables->fail("`variables` belong to `graphql`");
  BodySpec body;
  if (fields) {
    body.as_form = true;
    body.form = read_named_texts(*fields, declared, allowed, "a field");
    return body;
  }
  if (json) {
    if (!json->is_map()) json->fail("the body is not a JSON object");
    body.json = read_json_template(*json, declared, allowed);
    return body;
  }
  // Lines of a query may end as they like, and `${` could not be told from a placeholder.
  auto query = graphql->text();
  if (query.find("${") != std::string::npos) {
    graphql->fail("a GraphQL query has no placeholders", "Declare a variable, such as $since.");
  }
  body.is_graphql = true;
  Json::Object members;
  members.push_back({"query", Json::string(std::move(query))});
  if (variables && !variables->is_map()) variables->fail("the variables are not an object");
  auto const values =
      variables ? read_json_template(*variables, declared, allowed) : Json::object({});
  members.push_back({"variables", values});
  body.json = Json::object(std::move(members));
  return body;
}

}  // namespace affsync::engine::grammar
