// The keys of each mapping in a connector file: the form of their values, and what an editor shows.
// The parser reads a mapping through its table and so knows no other keys; the JSON schema for
// editors is written from the same tables. Internal to the manifest parser.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/yaml/node.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine::grammar {

struct Key {
  std::string_view name;
  Json (*form)();  // the JSON schema of its value
  std::string_view description = {};
  std::string_view usual = {};  // its default, as JSON
  bool required = false;
};

// A mapping with fixed keys.
struct Object {
  std::string_view title;       // in messages; the name of an entry may follow it
  std::string_view definition;  // its name in the schema
  std::span<Key const> keys;
  bool may_be_null = false;
  std::string_view rule = {};  // more members of its schema, as JSON: which keys go together

  Key const* find(std::string_view key) const;
};

// Reads the keys of an object. A key that its table does not have is a defect of the parser, and so
// is one that is required or has another form there: they throw std::logic_error.
class ObjectMap : private yaml::Map {
 public:
  // `name` is that of the entry, if it has one.
  ObjectMap(yaml::Node const& node, Object const& object, std::string_view name = {});

  std::optional<yaml::Node> find(std::string const& key);
  yaml::Node require(std::string const& key);
  // Read a value into `out`, which stays as it is if the key is missing.
  void read(std::string const& key, bool& out);
  void read(std::string const& key, std::optional<bool>& out);
  void read(std::string const& key, std::string& out);
  void read(std::string const& key, std::optional<JsonPath>& out);
  using yaml::Map::finish;
  using yaml::Map::node;

 private:
  using Form = Json (*)();
  void check(std::string_view key, bool is_found) const;
  std::optional<yaml::Node> find_as(Form form, std::string const& key);
  Object const& object_;
};

// Reads `format`, `csv`, `xml`, `xlsx` and `compression` of a stream.
DocumentSpec read_document_spec(ObjectMap& map);

// The bounds of a number.
template <class Number>
struct Range {
  Number least;
  Number most;
};
int read_integer(yaml::Node const& node, Range<int> range);
double read_number(yaml::Node const& node, Range<double> range);

// The forms that values have.
namespace form {

Json text();
Json filled_text();  // not empty
Json scalar();       // a text, number or boolean, kept as text
Json flag();
Json path();  // into JSON
Json name();  // of a stream, credential, metric …
Json day();
Json days();      // "31d"
Json duration();  // "30s"
Json integer(Range<int> range);
Json number(Range<double> range);
Json scalars_by_name();  // headers, fields
Json query();            // parameters; a list sends its name several times
Json json_value();       // a JSON object, written in YAML

Json of_words(std::vector<std::string_view> const& words);
// The words of one of the parser's tables, but not `except`.
template <class Table>
Json words(Table const& table, std::string_view except = {}) {
  std::vector<std::string_view> all;
  for (auto const& [word, value] : table) {
    if (word != except) all.push_back(word);
  }
  return of_words(all);
}

Json definition(std::string_view name);
Json object(Object const& object);
Json any_of(Json::Array alternatives);
Json list_of(Json item, int least = 0);
Json one_or_more(Json item);
Json map_of(Json value, int least = 0);
// A mapping with a single entry.
Json single(Json value);

Json value_type();         // `as` of a column
Json scale();              // of a column
Json condition();          // `only_if` of a column
Json where();              // of a stream
Json words_at_path();      // `negative_if` of a column
Json kept_raw();           // `raw`
Json good_conditions();    // `good`
Json document_format();    // `format` of a stream
Json document_packing();   // `compression`
Json tables();             // that streams fill
Json key();                // of a row
Json columns();            // `map`
Json columns_reference();  // to its definition

// One path or several.
inline Json paths() {
  return one_or_more(path());
}
inline Json texts() {
  return one_or_more(text());
}
inline Json scalars() {
  return one_or_more(scalar());
}

}  // namespace form

// The objects of the language.
extern Object const file_keys, credential_keys, setting_keys;
extern Object const login_rate_keys, login_basic_keys, refresh_keys;
extern Object const login_keys, token_place_keys, auth_keys;
extern Object const signature_keys, signed_part_keys, signed_text_keys;
extern Object const limit_keys, rate_keys, error_keys, condition_keys, good_keys;
extern Object const raw_keys, evidence_keys, reconcile_keys, part_keys, needs_keys, stream_keys,
    also_keys;
extern Object const report_keys, report_state_keys;
extern Object const csv_keys, xml_keys, xlsx_keys, totals_keys;
extern Object const for_each_keys, for_each_rows_keys;
extern Object const body_keys, answer_header_keys;
extern Object const page_keys, window_keys, records_keys, cells_keys, each_keys, keep_keys;
extern Object const key_part_keys, hash_key_keys, where_keys;
extern Object const column_keys, within_keys;

}  // namespace affsync::engine::grammar
