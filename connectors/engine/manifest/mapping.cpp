// Parses `map` of a stream: the tables that its rows go to, and their external ids.
#include <algorithm>
#include <set>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr Key key_part_table[] = {
    {"const", form::filled_text, "the same for every row of this mapping", "", true},
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

Object const key_part_keys{"a part of a key", "key_part", key_part_table};

namespace form {

Json tables() {
  std::vector<std::string_view> names;
  for (auto const& table : stream_tables()) names.push_back(table.name);
  return of_words(names);
}

Json key() {
  return any_of({path(), list_of(any_of({path(), object(key_part_keys)}), 1)});
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
  for (auto const& part : one_or_more(key)) {
    mapping.key.push_back(read_key_part(part));
  }
  if (std::ranges::all_of(mapping.key,
                          [](auto const& part) { return part.constant.has_value(); })) {
    key.fail("a key of constants alone is the same for every row",
             "Name at least one field of the row.");
  }
  for (auto const& [name, value] : columns.entries()) {
    mapping.columns.push_back(read_column(name, value, *mapping.table, declared));
  }
  if (mapping.columns.empty()) columns.fail("the mapping names no column");
  bool const has_currency = std::ranges::find(mapping.columns, "currency",
                                              &ColumnMapping::column) != mapping.columns.end();
  for (std::size_t i = 0; i < mapping.columns.size() && !has_currency; ++i) {
    if (!mapping.columns[i].scale_of_currency) continue;
    columns.entries()[i].second.fail(
        "`scale: currency` needs the row's currency",
        "Map the column `currency` of " + yaml::quoted(mapping.table->name) + " as well.");
  }
  if (!mapping.table->keeps_records()) require_all(mapping, columns);
  return mapping;
}

}  // namespace affsync::engine::grammar
