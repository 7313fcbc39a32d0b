// Shared by the two halves of the parser of `map`: the entry being parsed and its closed words.
// Internal to the manifest parser.
#pragma once

#include <span>
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

// Reads the keys that say how a number is written, and what it counts. `option` finds a key and
// refuses it for other value types.
void read_number_options(ObjectMap& map, ColumnMapping& out, ColumnEntry const& entry);
// Fails unless the currency of the table's rows is mapped as its amounts need it.
void check_currency(TableMapping const& mapping, yaml::Node const& columns);
extern std::span<std::string_view const> const number_locales;

}  // namespace affsync::engine::grammar
