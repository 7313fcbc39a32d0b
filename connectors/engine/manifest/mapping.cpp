// Parses `map` of a stream: the tables that its rows go to, and their external ids.
#include <algorithm>
#include <set>

#include "connectors/engine/manifest/column.hpp"
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Key key_part_table[] = {
    {"const", form::filled_text, "the same for every row of this mapping", "", true},
};

constexpr std::string_view whole_row = "all";

constexpr Key hash_key_table[] = {
    {"hash",
     [] { return form::any_of({form::of_words({whole_row}), form::list_of(form::path(), 1)}); },
     "the content that makes the id: all, or these fields; equal rows are numbered", "", true},
};

RecordTable const& read_table(yaml::Node const& node) {
  auto const name = node.text();
  if (auto const* table = find_record_table(name)) return *table;
  std::vector<std::string> known;
  for (auto const& table : stream_tables()) known.emplace_back(table.name);
  refuse_word(node, name, known, "a record table");
}

KeyPart read_key_part(yaml::Node const& node) {
  KeyPart part;
  if (node.is_map()) {
    ObjectMap map(node, key_part_keys);
    auto const constant = map.require("const");
    part.constant = constant.text();
    if (part.constant->empty()) constant.fail("an empty text does not distinguish rows");
    map.finish();
    return part;
  }
  part.path = read_path(node);
  if (part.path.head().empty()) node.fail("a whole row cannot be its own key");
  return part;
}

bool is_hash_key(yaml::Node const& node) {
  if (!node.is_map()) return false;
  auto const is_it = [](auto const& member) { return member.first == "hash"; };
  return std::ranges::any_of(node.members(), is_it);
}

HashKey read_hash_key(yaml::Node const& node) {
  ObjectMap map(node, hash_key_keys);
  HashKey key;
  auto const fields = map.require("hash");
  map.finish();
  if (fields.is_scalar()) {
    if (fields.text() != whole_row) {
      fields.fail(yaml::quoted(fields.text()) + " is not a content that makes a key",
                  "Use `all`, or a list of fields.");
    }
    return key;
  }
  key.fields = read_paths(fields);
  for (std::size_t i = 0; i < key.fields.size(); ++i) {
    if (key.fields[i].head().empty()) fields.items()[i].fail("the whole row is `hash: all`");
  }
  return key;
}

// Makes every column required: a value for lookups is useless unless it is complete.
void require_all(TableMapping& mapping, yaml::Node const& columns) {
  for (auto const& column : mapping.table->columns) {
    auto const same_name = [&](ColumnMapping const& one) { return one.column == column.name; };
    auto const found = std::ranges::find_if(mapping.columns, same_name);
    if (found == mapping.columns.end()) {
      columns.fail("a row of " + yaml::quoted(mapping.table->name) + " needs the column " +
                   yaml::quoted(column.name));
    }
    auto const entry = columns.entries()[static_cast<std::size_t>(found - mapping.columns.begin())];
    if (found->only_if || found->personal) {
      entry.second.fail("a row of " + yaml::quoted(mapping.table->name) + " needs the column " +
                        yaml::quoted(column.name) + " always, so `" +
                        (found->only_if ? "only_if" : "personal") + "` cannot be used");
    }
    found->required = true;
  }
}

}  // namespace

Object const hash_key_keys{"a key of the content", "hash_key", hash_key_table};
Object const key_part_keys{"a part of a key", "key_part", key_part_table};

namespace form {

Json tables() {
  std::vector<std::string_view> names;
  for (auto const& table : stream_tables()) names.push_back(table.name);
  return of_words(names);
}

Json key() {
  return any_of(
      {path(), list_of(any_of({path(), object(key_part_keys)}), 1), object(hash_key_keys)});
}

Json columns() {
  std::set<std::string_view> names;
  for (auto const& table : stream_tables()) {
    for (auto const& column : table.columns) names.insert(column.name);
  }
  auto const name = of_words({names.begin(), names.end()});
  return Json::object({{"type", Json::string("object")},
                       {"minProperties", Json::number("1")},
                       {"propertyNames", name},
                       {"additionalProperties", any_of({paths(), object(column_keys)})}});
}

}  // namespace form

TableMapping read_table_mapping(yaml::Node const& table, yaml::Node const& key,
                                yaml::Node const& columns, Declared const& declared) {
  TableMapping mapping;
  mapping.table = &read_table(table);
  if (is_hash_key(key)) {
    mapping.hash = read_hash_key(key);
  } else {
    for (auto const& part : one_or_more(key)) mapping.key.push_back(read_key_part(part));
  }
  if (!mapping.hash && std::ranges::all_of(mapping.key, [](auto const& part) {
        return part.constant.has_value();
      })) {
    key.fail("a key of constants alone is the same for every row",
             "Name at least one field of the row.");
  }
  for (auto const& [name, value] : columns.entries()) {
    mapping.columns.push_back(read_column(name, value, *mapping.table, declared));
  }
  if (mapping.columns.empty()) columns.fail("the mapping names no column");
  check_currency(mapping, columns);
  if (!mapping.table->keeps_records()) require_all(mapping, columns);
  return mapping;
}

}  // namespace affsync::engine::grammar
