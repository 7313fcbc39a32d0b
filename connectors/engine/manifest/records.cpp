// Parses `records` of a stream: where its rows are in an answer, and what is added to them.
#include <algorithm>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

using From = KeptField::From;

constexpr std::pair<std::string_view, From> window_ends[] = {
    {"from", From::window_from},
    {"to", From::window_to},
};

constexpr Key keep_table[] = {
    {"window", [] { return form::words(window_ends); },
     "the first or the last day of the request's window"},
    {"request", form::filled_text, "the value of this parameter, as it was sent"},
    {"item", form::flag, "true: the item of `for_each` that the request is for"},
    {"const", form::filled_text, "this text"},
};

constexpr Key cells_table[] = {
    {"from", form::path, "path of the list of cells in a row", R"("$")"},
    {"name", form::path, "path of the name in a cell", "", true},
    {"value", form::path, "path of the value in a cell", "", true},
};

constexpr Key each_table[] = {
    {"from", form::path, "path of the list in a row", "", true},
    {"names", [] { return form::one_or_more(form::name()); },
     "it is an object: the fields that receive its members' names"},
    {"as", form::name, "the field that receives the element; without it its fields are the row's"},
};

constexpr Key records_table[] = {
    {"from", form::paths, "path of the object or list, or alternatives", "", true},
    {"names", [] { return form::one_or_more(form::name()); },
     "the fields that receive the members' names, one for each level"},
    {"value", form::name,
     "the field that receives the innermost value; without it each member that is an object is a "
     "row"},
    {"only", form::paths, "the members that become rows"},
    {"unwrap", form::texts,
     "each element is an object with this one member, which is the row; or one of these"},
    {"cells", [] { return form::object(cells_keys); },
     "each row is a list of cells with names and values"},
    {"each", [] { return form::one_or_more(form::object(each_keys)); },
     "a list inside each row whose elements become rows, or such lists inside each other"},
    {"keep", [] { return form::map_of(form::any_of({form::path(), form::object(keep_keys)})); },
     "fields that are added to each row: paths in the answer, or the request's own values"},
    {"empty_if_null", form::flag,
     "null or an empty object instead of the list means that there are no rows", "false"},
};

std::vector<std::string> read_fields(yaml::Node const& node) {
  std::vector<std::string> fields;
  for (auto const& item : one_or_more(node)) {
    check_name(item, item.text(), "the name of a field");
    if (std::ranges::find(fields, item.text()) != fields.end()) {
      item.fail("the field " + yaml::quoted(item.text()) + " is named twice");
    }
    fields.push_back(item.text());
  }
  return fields;
}

ExpandSpec read_expand(ObjectMap& map) {
  ExpandSpec expand;
  expand.names = read_fields(map.require("names"));
  if (auto const value = map.find("value")) {
    expand.value = value->text();
    check_name(*value, expand.value, "the name of a field");
  }
  if (auto const only = map.find("only")) expand.only = read_paths(*only);
  return expand;
}

std::vector<std::string> read_unwrap(yaml::Node const& node) {
  auto names = read_texts(node);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) one_or_more(node)[i].fail("a member needs a name");
  }
  return names;
}

CellsSpec read_cells(yaml::Node const& node) {
  ObjectMap map(node, cells_keys);
  CellsSpec cells;
  if (auto const from = map.find("from")) cells.from = read_path(*from);
  auto const name = map.require("name");
  cells.name = read_path(name);
  if (cells.name.head().empty()) name.fail("a whole cell cannot be its name");
  cells.value = read_path(map.require("value"));
  map.finish();
  return cells;
}

EachSpec read_one_each(yaml::Node const& node) {
  ObjectMap map(node, each_keys);
  EachSpec each;
  auto const from = map.require("from");
  each.from = read_path(from);
  if (each.from.head().empty()) from.fail("a whole row is not a list inside of it");
  if (auto const names = map.find("names")) each.names = read_fields(*names);
  if (auto const as = map.find("as")) {
    each.as = as->text();
    check_name(*as, each.as, "the name of a field");
    if (each.as == "parent") as->fail("`parent` is the field of the row around the element");
    if (std::ranges::find(each.names, each.as) != each.names.end()) {
      as->fail("the field " + yaml::quoted(each.as) + " is named twice");
    }
  }
  map.finish();
  return each;
}

std::vector<EachSpec> read_each(yaml::Node const& node) {
  constexpr std::size_t deepest = 4;
  std::vector<EachSpec> each;
  for (auto const& item : one_or_more(node)) {
    if (each.size() == deepest) item.fail("lists are nested too deeply", "At most 4.");
    each.push_back(read_one_each(item));
  }
  return each;
}

// A value of the request is part of a row's identity only if each pass sends it again.
void check_window_end(yaml::Node const& node, yaml::Node const& stream) {
  std::optional<yaml::Node> window;
  for (auto const& [name, value] : stream.members()) {
    if (name == "window") window = value;
  }
  if (!window || !window->is_map()) {
    node.fail("the stream has no `window`", "Only a window has a first and a last day.");
  }
  std::string span = "31d", most, changes;
  for (auto const& [name, value] : window->members()) {
    if (!value.is_scalar()) continue;
    if (name == "span") span = value.text();
    if (name == "max_span") most = value.text();
    if (name == "changes") changes = value.text();
    if (name == "form" && value.text() == "month") return;
  }
  if (changes == "true") {
    node.fail("a window of changes does not say when something happened",
              "Keep another value, or read the list by its own days.");
  }
  if (span != "1d" || (!most.empty() && most != "1d")) {
    node.fail("only a window of one day says which day a row belongs to",
              "Set `span: 1d` and no `max_span`: longer slices begin at another day in each pass.");
  }
}

KeptField read_kept(yaml::Node const& name, yaml::Node const& node, yaml::Node const& stream,
                    Declared const& declared) {
  KeptField kept;
  kept.field = name.text();
  check_name(name, kept.field, "the name of a field");
  if (!node.is_map()) {
    kept.path = read_path(node);
    return kept;
  }
  ObjectMap map(node, keep_keys);
  auto const entries = node.entries();
  if (entries.size() != 1) {
    node.fail("a kept field has one source", "Such as {window: from} or {const: USD}.");
  }
  if (auto const end = map.find("window")) {
    kept.from = read_word<From>(*end, window_ends, "an end of a window");
    check_window_end(*end, stream);
  }
  if (auto const parameter = map.find("request")) {
    kept.from = From::request;
    kept.text = parameter->text();
    if (kept.text.empty()) parameter->fail("the parameter needs a name");
  }
  if (auto const item = map.find("item")) {
    kept.from = From::item;
    auto const is_for_each = [](auto const& member) { return member.first == "for_each"; };
    if (!item->as_bool()) item->fail("`item` can only be true");
    if (std::ranges::none_of(stream.members(), is_for_each)) {
      item->fail("the stream has no `for_each`", "Only its requests are each for an item.");
    }
  }
  if (auto const constant = map.find("const")) {
    kept.from = From::constant;
    kept.text = read_template(*constant, declared, {.settings = true});
    if (kept.text.empty()) constant->fail("the constant is empty");
  }
  map.finish();
  return kept;
}

}  // namespace

namespace {

// Returns the member of a mapping; nullopt if it has none or is another value.
std::optional<yaml::Node> member_of(std::optional<yaml::Node> const& node, std::string_view name) {
  if (!node || !node->is_map()) return std::nullopt;
  for (auto const& [key, value] : node->members()) {
    if (key == name) return value;
  }
  return std::nullopt;
}

// Returns the names of everything that a request of the stream sends, apart from what the user
// adds.
std::vector<std::string> sent_names(StreamSpec const& stream) {
  std::vector<std::string> names;
  auto const add = [&](std::string_view name) {
    if (!name.empty()) names.emplace_back(name);
  };
  for (auto const& [name, value] : stream.request.query) add(name);
  for (auto const& part : stream.parts) {
    for (auto const& [name, value] : part.query) add(name);
  }
  add(stream.page.parameter());
  if (stream.page.size) add(stream.page.size->parameter);
  if (stream.window) {
    add(stream.window->from_parameter);
    add(stream.window->to_parameter);
  }
  if (stream.for_each) add(stream.for_each->parameter);
  if (auto const& body = stream.request.body) {
    for (auto const& [name, value] : body->form) add(name);
    if (body->json.is_object()) {
      for (auto const& member : body->json.members()) add(member.name);
    }
  }
  return names;
}

bool sends(StreamSpec const& stream, std::vector<std::string> const& names,
           std::string const& parameter) {
  if (std::ranges::find(names, parameter) != names.end()) return true;
  auto const& body = stream.request.body;
  return body && is_json_path(parameter) && JsonPath(parameter).in(body->json) != nullptr;
}

}  // namespace

void check_kept_parameters(yaml::Node const& node, StreamSpec const& stream) {
  auto const keep = member_of(member_of(node, "records"), "keep");
  auto const names = sent_names(stream);
  for (auto const& kept : stream.keep) {
    if (kept.from != KeptField::From::request || sends(stream, names, kept.text)) continue;
    auto const place = member_of(member_of(keep, kept.field), "request");
    refuse_word(place.value_or(node), kept.text, names, "a parameter that the stream sends");
  }
}

void check_window_parameters(yaml::Node const& node, StreamSpec const& stream) {
  auto const &from = stream.window->from_parameter, &to = stream.window->to_parameter;
  for (auto const& name : {from, to}) {
    if (name.empty() || (from != to && !is_paging_parameter(stream.page, name))) continue;
    node.fail("the parameter " + yaml::quoted(name) + " is sent twice, with two values",
              "`from`, `to` and the parameters of `page` need different names.");
  }
}

Object const keep_keys{"a kept field", "keep", keep_table, false,
                       R"({"minProperties": 1, "maxProperties": 1})"};
Object const records_keys{"where the rows are", "records", records_table, false,
                          R"({"dependentRequired": {"value": ["names"], "only": ["names"]}})"};
Object const cells_keys{"the cells of a row", "cells", cells_table};
Object const each_keys{"a list inside a row", "each", each_table};

void read_records(yaml::Node const& node, yaml::Node const& whole_stream, StreamSpec& stream,
                  Declared const& declared) {
  if (!node.is_map()) {
    stream.records = read_paths(node);
    return;
  }
  ObjectMap map(node, records_keys);
  stream.records = read_paths(map.require("from"));
  map.read("empty_if_null", stream.empty_if_null);
  if (map.find("names") || map.find("value") || map.find("only")) stream.expand = read_expand(map);
  if (auto const unwrap = map.find("unwrap")) {
    stream.unwrap = read_unwrap(*unwrap);
    if (stream.expand && !stream.expand->value.empty()) {
      unwrap->fail("`unwrap` cannot be combined with `value`",
                   "With `names` alone each member of the object is a row, and is unwrapped.");
    }
  }
  if (auto const cells = map.find("cells")) {
    stream.cells = read_cells(*cells);
    if (stream.expand) {
      cells->fail("`cells` cannot be combined with `names`", "A row is either an object or cells.");
    }
  }
  if (auto const each = map.find("each")) stream.each = read_each(*each);
  if (auto const keep = map.find("keep")) {
    for (auto const& [name, value] : keep->entries()) {
      stream.keep.push_back(read_kept(name, value, whole_stream, declared));
    }
  }
  map.finish();
}

}  // namespace affsync::engine::grammar
