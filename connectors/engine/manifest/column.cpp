// Parses one entry of `map`: where a column's value is in a row, and how it is converted.
#include <algorithm>

#include "base/case_fold.hpp"
#include "base/decimal.hpp"
#include "connectors/engine/manifest/column.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, ValueType> value_types[] = {
    {"text", ValueType::text},         {"int", ValueType::integer},
    {"bool", ValueType::boolean},      {"decimal", ValueType::decimal},
    {"percent", ValueType::percent},   {"date", ValueType::date},
    {"datetime", ValueType::datetime}, {"epoch", ValueType::epoch},
    {"enum", ValueType::enumeration},  {"currency", ValueType::currency},
    {"earliest", ValueType::earliest}, {"latest", ValueType::latest},
};

// Value types that a column of each type accepts; the first is the default.
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
      return {datetime, date, epoch, earliest, latest};
  }
  return {text};
}

void check_constant(yaml::Node const& node, std::string const& text, ColumnEntry const& entry) {
  bool const is_text = entry.column.type == ColumnType::text;
  if (text.find("${") != std::string::npos) {
    if (!is_text) node.fail("a setting can only fill a text column");
    if (entry.words != nullptr) node.fail(entry.name() + " takes only fixed words");
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

ValueType read_type(std::optional<yaml::Node> const& as, bool has_table, ColumnEntry const& entry) {
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

// Reads `present`: the first field that is present decides the word.
std::vector<PresentWord> read_present(yaml::Node const& node, ColumnEntry const& entry) {
  auto const type = entry.column.type;
  if (type != ColumnType::text && type != ColumnType::boolean) {
    node.fail("`present` gives a word, and " + entry.name() + " holds " +
              std::string(to_sql(type)));
  }
  std::vector<PresentWord> words;
  for (auto const& item : one_or_more(node)) {
    auto const entries = item.entries();
    if (entries.size() != 1) {
      item.fail("each item of `present` is one field and its word",
                "For instance `- {paidAt: paid}`; the first that is present counts.");
    }
    auto const& [path, word] = entries.front();
    words.push_back({read_path(path), word.text()});
    check_constant(word, words.back().word, entry);
  }
  return words;
}

ColumnMapping read_constant(ObjectMap& map, yaml::Node const& constant, ColumnMapping out,
                            ColumnEntry const& entry) {
  for (auto const* key : {"from", "present"}) {
    if (auto const node = map.find(key)) {
      node->fail("`" + std::string(key) + "` cannot be combined with `const`");
    }
  }
  out.constant = read_template(constant, entry.declared, {.settings = true});
  check_constant(constant, *out.constant, entry);
  out.type = read_type(std::nullopt, false, entry);
  return out;
}

// Reads where the value comes from, and its type.
void read_origin(ObjectMap& map, ColumnMapping& out, ColumnEntry const& entry) {
  if (auto const present = map.find("present")) {
    for (auto const* key : {"from", "as", "table"}) {
      if (auto const node = map.find(key)) {
        node->fail("`" + std::string(key) + "` cannot be combined with `present`",
                   "`present` already says which field gives which word.");
      }
    }
    out.present = read_present(*present, entry);
    out.type = ValueType::enumeration;
    return;
  }
  out.from = read_paths(map.require("from"));
  out.type = read_type(map.find("as"), map.find("table").has_value(), entry);
}

// Reads a path, or a mapping of one path to the words that are accepted there.
void read_only_if(yaml::Node const& node, ColumnMapping& out) {
  if (!node.is_map()) {
    out.only_if = read_path(node);
    return;
  }
  auto const entries = node.entries();
  if (entries.size() != 1) {
    node.fail("`only_if` takes one field", "Such as {status: [paid, done]}.");
  }
  out.only_if = read_path(entries.front().first);
  for (auto const& word : read_texts(entries.front().second)) {
    out.only_if_words.push_back(fold_case(word));
  }
}

}  // namespace

Json form::value_type() {
  return words(value_types);
}

std::string_view word_of(ValueType type) {
  for (auto const& [word, value] : value_types) {
    if (value == type) return word;
  }
  return "text";
}

void check_word(yaml::Node const& node, std::string_view word, ColumnEntry const& entry) {
  if (entry.words == nullptr || entry.words->has(word)) return;
  refuse_word(node, word, entry.words->list(), "a word of " + entry.name());
}

ColumnMapping read_column(yaml::Node const& name, yaml::Node const& node, RecordTable const& table,
                          Declared const& declared) {
  auto const column_name = name.text();
  auto const index = table.index_of(column_name);
  if (!index) {
    std::vector<std::string> known;
    for (auto const& column : table.columns) known.emplace_back(column.name);
    refuse_word(name, column_name, known, "a column of " + yaml::quoted(table.name));
  }
  ColumnEntry const entry{table.columns[*index], closed_words(table.name, column_name), declared};
  ColumnMapping out;
  out.column = column_name;
  out.personal = is_personal_column(table.name, column_name);

  if (!node.is_map()) {
    out.from = read_paths(node);
    out.type = read_type(std::nullopt, false, entry);
  } else {
    ObjectMap map(node, column_keys, column_name);
    if (auto const only_if = map.find("only_if")) read_only_if(*only_if, out);
    if (auto const null_if = map.find("null_if")) out.null_if = read_texts(*null_if);
    if (auto const constant = map.find("const")) {
      out = read_constant(map, *constant, std::move(out), entry);
      map.finish();
      return out;
    }
    read_origin(map, out, entry);
    if (auto const required = map.find("required")) {
      out.required = required->as_bool();
      if (out.required && out.only_if) {
        required->fail(
            "`required` and `only_if` cannot be combined",
            "`required` means that there is always a value, `only_if` that there may be none.");
      }
    }
    if (auto const optional = map.find("optional")) {
      out.optional = optional->as_bool();
      if (out.optional && out.required) {
        optional->fail("`required` and `optional` cannot be combined");
      }
    }
    if (auto const personal = map.find("personal")) {
      out.personal = personal->as_bool() || out.personal;
    }
    read_column_options(map, out, entry);
    map.finish();
  }
  bool const has_words = out.type == ValueType::enumeration;
  if (has_words && out.table.empty() && !out.for_nothing && out.present.empty()) {
    node.fail("an enum needs `table`: the broker's words and ours");
  }
  if (entry.words != nullptr && !has_words) {
    name.fail(entry.name() + " takes only fixed words, not the broker's own",
              "Give it a `table`, or a `const`; one of: " + join_words(entry.words->list()) + ".");
  }
  return out;
}

}  // namespace affsync::engine::grammar
