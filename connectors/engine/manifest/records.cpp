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

constexpr Key records_table[] = {
    {"from", form::paths, "path of the object or list, or alternatives", "", true},
    {"names", [] { return form::one_or_more(form::name()); },
     "the fields that receive the members' names, one for each level"},
    {"value", form::name, "the field that receives the innermost value"},
    {"only", form::paths, "the members that become rows"},
    {"keep", [] { return form::map_of(form::any_of({form::path(), form::object(keep_keys)})); },
     "fields that are added to each row: paths in the answer, or the request's own values"},
    {"empty_if_null", form::flag,
     "null or an empty object instead of the list means that there are no rows", "false"},
};

ExpandSpec read_expand(ObjectMap& map) {
  ExpandSpec expand;
  for (auto const& item : one_or_more(map.require("names"))) {
    check_name(item, item.text(), "the name of a field");
    expand.names.push_back(item.text());
  }
  auto const value = map.require("value");
  expand.value = value.text();
  check_name(value, expand.value, "the name of a field");
  if (auto const only = map.find("only")) expand.only = read_paths(*only);
  return expand;
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

Object const keep_keys{"a kept field", "keep", keep_table, false,
                       R"({"minProperties": 1, "maxProperties": 1})"};
Object const records_keys{"where the rows are", "records", records_table, false,
                          R"({"dependentRequired": {"value": ["names"], "names": ["value"],
                              "only": ["names"]}})"};

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
  if (auto const keep = map.find("keep")) {
    for (auto const& [name, value] : keep->entries()) {
      stream.keep.push_back(read_kept(name, value, whole_stream, declared));
    }
  }
  map.finish();
}

}  // namespace affsync::engine::grammar
