// One entry of `map`: where a column's value is found in a row, and what is done to it on the way.
#include <algorithm>

#include "base/decimal.hpp"
#include "connectors/engine/manifest_grammar.hpp"
#include "connectors/engine/manifest_words.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, ValueType> value_types[] = {
    {"text", ValueType::text},         {"int", ValueType::integer},
    {"bool", ValueType::boolean},      {"decimal", ValueType::decimal},
    {"percent", ValueType::percent},   {"date", ValueType::date},
    {"datetime", ValueType::datetime}, {"epoch", ValueType::epoch},
    {"enum", ValueType::enumeration},  {"currency", ValueType::currency},
};

constexpr std::pair<std::string_view, bool> epoch_units[] = {
    {"seconds", false},
    {"milliseconds", true},
};

std::string_view word_of(ValueType type) {
  for (auto const& [word, value] : value_types) {
    if (value == type) return word;
  }
  return "text";
}

// What may stand in a column of each type; the first is taken when the file says nothing.
std::vector<ValueType> types_for(ColumnType type) {
  using enum ValueType;
  switch (type) {
    case ColumnType::text:
      return {text, currency, enumeration};
    case ColumnType::numeric:
      return {decimal, percent, integer};
    case ColumnType::bigint:
      return {integer};
    case ColumnType::boolean:
      return {boolean, enumeration};
    case ColumnType::date:
      return {date, datetime, epoch};
    case ColumnType::timestamptz:
      return {datetime, date, epoch};
  }
  return {text};
}

bool is_one_of(ValueType type, std::initializer_list<ValueType> types) {
  return std::ranges::find(types, type) != types.end();
}

// One entry being read: the names in its messages, and its keys.
struct Entry {
  Column const& column;
  ClosedWords const* words;  // null when the column takes any text
  Declared const& declared;

  std::string name() const { return "the column " + yaml::quoted(column.name); }
};

void check_word(yaml::Node const& node, std::string_view word, Entry const& entry) {
  if (entry.words == nullptr || entry.words->has(word)) return;
  refuse_word(node, word, entry.words->list(), "a word of " + entry.name());
}

void check_constant(yaml::Node const& node, std::string const& text, Entry const& entry) {
  bool const is_text = entry.column.type == ColumnType::text;
  if (text.find("${") != std::string::npos) {
    if (!is_text) node.fail("a setting can only fill a column of text");
    if (entry.words != nullptr) node.fail(entry.name() + " takes words that are fixed");
    return;
  }
  bool good = true;
  switch (entry.column.type) {
    case ColumnType::text:
      good = !text.empty();
      break;
    case ColumnType::numeric:
      good = parse_decimal(text).error == DecimalError::none;
      break;
    case ColumnType::bigint:
      good = !text.empty() && text.size() < 18 &&
             text.find_first_not_of("0123456789") == std::string::npos;
      break;
    case ColumnType::boolean:
      good = text == "true" || text == "false";
      break;
    case ColumnType::date:
      good = parse_day(text).has_value();
      break;
    case ColumnType::timestamptz:
      good = false;
      break;
  }
  if (!good) {
    node.fail(yaml::quoted(text) + " cannot be a constant of " + entry.name() + ", which holds " +
              std::string(to_sql(entry.column.type)));
  }
  check_word(node, text, entry);
}

ValueType read_type(std::optional<yaml::Node> const& as, bool has_table, Entry const& entry) {
  auto const allowed = types_for(entry.column.type);
  if (!as) {
    if (has_table) return ValueType::enumeration;
    return entry.column.name == "currency" ? ValueType::currency : allowed.front();
  }
  auto const type = read_word<ValueType>(*as, value_types, "a type of value");
  if (std::ranges::find(allowed, type) == allowed.end()) {
    std::vector<std::string> names;
    for (auto const one : allowed) names.emplace_back(word_of(one));
    as->fail(entry.name() + " holds " + std::string(to_sql(entry.column.type)) +
                 " and cannot take " + yaml::quoted(word_of(type)),
             "It takes: " + join_words(names) + ".");
  }
  return type;
}

std::map<std::string, std::string> read_enumeration(yaml::Node const& node, Entry const& entry) {
  std::map<std::string, std::string> table;
  for (auto const& [key, value] : node.entries()) {
    auto ours = value.text();
    if (entry.column.type == ColumnType::boolean && ours != "true" && ours != "false") {
      value.fail(entry.name() + " is true or false");
    }
    check_word(value, ours, entry);
    if (!table.emplace(to_lower(key.text()), std::move(ours)).second) {
      key.fail(yaml::quoted(key.text()) + " is there twice, since case does not count");
    }
  }
  if (table.empty()) node.fail("the table of words is empty");
  return table;
}

std::vector<std::string> read_formats(yaml::Node const& node) {
  std::vector<std::string> formats;
  for (auto const& item : one_or_more(node)) {
    formats.push_back(item.text());
    if (formats.back() != "iso" && formats.back().find('%') == std::string::npos) {
      item.fail(yaml::quoted(formats.back()) + " is not a format of dates",
                "Use iso, or places such as %d.%m.%Y %H:%M:%S.");
    }
  }
  return formats;
}

// Keys that only some types of value know. A key of another type is found and refused by name.
void read_options(yaml::Map& map, ColumnMapping& out, Entry const& entry) {
  auto const option = [&](char const* key, std::initializer_list<ValueType> types) {
    auto node = map.find(key);
    if (node && !is_one_of(out.type, types)) {
      std::string words;
      for (auto const type : types)
        words += (words.empty() ? "" : " or ") + std::string(word_of(type));
      node->fail("`" + std::string(key) + "` goes with " + words + ", this value is " +
                 std::string(word_of(out.type)));
    }
    return node;
  };
  using enum ValueType;
  if (auto const node = option("take_before", {text})) {
    out.take_before = node->text();
    if (out.take_before.empty()) node->fail("there is nothing before an empty text");
  }
  if (auto const node = option("strip_prefix", {text})) out.strip_prefix = node->text();
  if (auto const node = option("lower_case", {text})) out.lower_case = node->as_bool();
  if (auto const node = option("shift", {decimal, percent})) {
    out.shift = static_cast<int>(node->as_integer(-30, 30));
  }
  if (auto const node = option("invert", {decimal})) out.invert = node->as_bool();
  if (auto const node = option("scale", {decimal, percent})) {
    out.scale = static_cast<int>(node->as_integer(0, 50));
  }
  if (auto const node = option("formats", {date, datetime})) out.formats = read_formats(*node);
  if (auto const node = option("zone", {date, datetime}))
    out.zone = read_zone(*node, entry.declared);
  if (auto const node = option("unit", {epoch})) {
    out.epoch_milliseconds = read_word<bool>(*node, epoch_units, "a unit of epoch times");
  }
  if (auto const node = option("table", {enumeration})) out.table = read_enumeration(*node, entry);
  if (auto const node = option("default", {enumeration})) {
    out.otherwise = node->text();
    check_word(*node, *out.otherwise, entry);
  }
}

}  // namespace

ColumnMapping read_column(yaml::Node const& name, yaml::Node const& node, RecordTable const& table,
                          Declared const& declared) {
  auto const column_name = name.text();
  auto const index = table.index_of(column_name);
  if (!index) {
    std::vector<std::string> known;
    for (auto const& column : table.columns) known.emplace_back(column.name);
    refuse_word(name, column_name, known, "a column of " + yaml::quoted(table.name));
  }
  Entry const entry{table.columns[*index], closed_words(table.name, column_name), declared};
  ColumnMapping out;
  out.column = column_name;
  out.personal = is_personal_column(table.name, column_name);

  if (!node.is_map()) {
    out.from = read_paths(node);
    out.type = read_type(std::nullopt, false, entry);
  } else {
    yaml::Map map(node, "the mapping of " + yaml::quoted(column_name));
    if (auto const constant = map.find("const")) {
      if (auto const from = map.find("from")) from->fail("a constant comes from nowhere");
      out.constant = read_template(*constant, declared, {.settings = true});
      check_constant(*constant, *out.constant, entry);
      out.type = read_type(std::nullopt, false, entry);
      map.finish();
      return out;
    }
    out.from = read_paths(map.require("from"));
    out.type = read_type(map.find("as"), map.find("table").has_value(), entry);
    if (auto const required = map.find("required")) out.required = required->as_bool();
    if (auto const personal = map.find("personal")) {
      out.personal = personal->as_bool() || out.personal;
    }
    if (auto const null_if = map.find("null_if")) out.null_if = read_texts(*null_if);
    read_options(map, out, entry);
    map.finish();
  }
  bool const has_words = out.type == ValueType::enumeration;
  if (has_words && out.table.empty()) {
    node.fail("an enum needs `table`: the broker's words and ours");
  }
  if (entry.words != nullptr && !has_words) {
    name.fail(entry.name() + " takes words that are fixed, not the broker's own",
              "Give it a `table`, or a `const`; one of: " + join_words(entry.words->list()) + ".");
  }
  return out;
}

}  // namespace affsync::engine::grammar
