#include "connectors/engine/manifest/schema.hpp"

#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine {
namespace {

using namespace grammar;

constexpr std::string_view comment =
    "For editors: put `# yaml-language-server: $schema=PATH/connector.schema.json` at the top of a "
    "connector file. docs/connectors.md says what each key means. Written by `affsync schema "
    "connector`.";

Json string(std::string_view text) {
  return Json::string(std::string(text));
}

void set(Json::Object& members, std::string_view name, Json value) {
  for (auto& member : members) {
    if (member.name != name) continue;
    member.value = std::move(value);
    return;
  }
  members.push_back({std::string(name), std::move(value)});
}

// What is left empty is as if it were not there.
void allow_null(Json::Object& members) {
  auto const null = Json::object({{"type", string("null")}});
  for (auto& [name, value] : members) {
    bool const is_list = name == "enum" || name == "anyOf" || name == "type";
    if (!is_list) continue;
    auto items = value.is_array() ? value.items() : Json::Array{value};
    items.push_back(name == "anyOf" ? null : name == "enum" ? Json() : string("null"));
    value = Json::array(std::move(items));
    return;
  }
  // A reference; what stands beside it stays there.
  for (auto& [name, value] : members) {
    if (name != "$ref") continue;
    auto alternatives = Json::array({Json::object({{name, value}}), null});
    name = "anyOf";
    value = std::move(alternatives);
    return;
  }
}

Json schema_of(Key const& key) {
  auto members = key.form().members();
  if (!key.required) allow_null(members);
  if (!key.usual.empty()) set(members, "default", parse_json(key.usual).value());
  if (!key.description.empty()) set(members, "description", string(key.description));
  return Json::object(std::move(members));
}

Json::Object schema_of(Object const& object) {
  Json::Object properties;
  Json::Array required;
  for (auto const& key : object.keys) {
    properties.push_back({std::string(key.name), schema_of(key)});
    if (key.required) required.push_back(string(key.name));
  }
  Json::Object schema{{"title", string(object.title)},
                      {"type", string("object")},
                      {"additionalProperties", Json::boolean(false)},
                      {"properties", Json::object(std::move(properties))}};
  if (!required.empty()) schema.push_back({"required", Json::array(std::move(required))});
  if (!object.rule.empty()) {
    auto const rule = parse_json(object.rule).value();
    for (auto const& member : rule.members()) schema.push_back(member);
  }
  return schema;
}

Json definitions() {
  Json::Object all;
  for (auto const* object :
       {&credential_keys,    &setting_keys,      &auth_keys,        &login_keys,
        &login_rate_keys,    &login_basic_keys,  &refresh_keys,     &token_place_keys,
        &signature_keys,     &signed_part_keys,  &signed_text_keys, &rate_keys,
        &limit_keys,         &error_keys,        &condition_keys,   &good_keys,
        &raw_keys,           &stream_keys,       &evidence_keys,    &needs_keys,
        &page_keys,          &body_keys,         &for_each_keys,    &for_each_rows_keys,
        &answer_header_keys, &part_keys,         &window_keys,      &records_keys,
        &report_keys,        &report_state_keys, &csv_keys,         &xml_keys,
        &xlsx_keys,          &totals_keys,       &keep_keys,        &cells_keys,
        &each_keys,          &key_part_keys,     &hash_key_keys,    &also_keys,
        &column_keys,        &within_keys,       &reconcile_keys,   &where_keys}) {
    auto schema = Json::object(schema_of(*object));
    if (object->may_be_null) {
      schema = form::any_of({Json::object({{"type", string("null")}}), std::move(schema)});
    }
    all.push_back({std::string(object->definition), std::move(schema)});
  }
  all.push_back({"map", form::columns()});
  return Json::object(std::move(all));
}

void append_indented(std::string& out, Json const& json, std::size_t depth) {
  bool const is_array = json.is_array();
  bool const is_empty =
      is_array ? json.items().empty() : !json.is_object() || json.members().empty();
  if (is_empty) {
    json.dump_to(out);
    return;
  }
  out += is_array ? '[' : '{';
  char const* separator = "\n";
  auto const begin_line = [&] {
    out.append(std::exchange(separator, ",\n")).append(depth + 1, ' ');
  };
  if (is_array) {
    for (auto const& item : json.items()) {
      begin_line();
      append_indented(out, item, depth + 1);
    }
  } else {
    for (auto const& member : json.members()) {
      begin_line();
      append_json_string(out, member.name);
      out += ": ";
      append_indented(out, member.value, depth + 1);
    }
  }
  out.append("\n").append(depth, ' ');
  out += is_array ? ']' : '}';
}

}  // namespace

std::string connector_schema() {
  Json::Object schema{{"$schema", string("https://json-schema.org/draft/2020-12/schema")},
                      {"$comment", string(comment)}};
  for (auto& member : schema_of(file_keys)) schema.push_back(std::move(member));
  schema.push_back({"$defs", definitions()});
  std::string text;
  append_indented(text, Json::object(std::move(schema)), 0);
  return text + "\n";
}

}  // namespace affsync::engine
