// Shared by the two halves of the parser of `map`: the entry being parsed and its closed words.
// Internal to the manifest parser.
#pragma once

#include <string>
#include <string_view>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"
#include "connectors/engine/manifest/words.hpp"

namespace affsync::engine::grammar {

// The entry being parsed, with what is needed for its messages and keys.
struct ColumnEntry {
  Column const& column;
  ClosedWords const* words;  // null if the column takes any text
  Declared const& declared;

  std::string name() const { return "the column " + yaml::quoted(column.name); }
};

// Returns the word for a value type in the file: "datetime".
std::string_view word_of(ValueType type);

// Fails if `word` is not one of the column's closed words.
void check_word(yaml::Node const& node, std::string_view word, ColumnEntry const& entry);

// Reads the keys that only some value types have into `out`, whose type is already set. A key of
// another type is an error that names the key.
void read_column_options(ObjectMap& map, ColumnMapping& out, ColumnEntry const& entry);

}  // namespace affsync::engine::grammar
