// What the two halves of the reader of `map` share: the entry being read, and its closed words.
// Internal to the manifest parser.
#pragma once

#include <string>
#include <string_view>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/words.hpp"

namespace affsync::engine::grammar {

// One entry being read: the names in its messages, and its keys.
struct ColumnEntry {
  Column const& column;
  ClosedWords const* words;  // null when the column takes any text
  Declared const& declared;

  std::string name() const { return "the column " + yaml::quoted(column.name); }
};

// The word of a type of value in the file: "datetime".
std::string_view word_of(ValueType type);

// Refuses what is none of the column's own words.
void check_word(yaml::Node const& node, std::string_view word, ColumnEntry const& entry);

// The keys that only some types of value know, into `out`, whose type is known already. A key of
// another type is found and refused by name.
void read_column_options(yaml::Map& map, ColumnMapping& out, ColumnEntry const& entry);

}  // namespace affsync::engine::grammar
