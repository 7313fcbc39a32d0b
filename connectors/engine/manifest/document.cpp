// Parses what a stream says about documents that are not JSON: `format`, `csv`, `xml`, `xlsx`,
// `compression`.
#include "connectors/engine/document/document_spec.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "connectors/engine/document/charset.hpp"
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, DocumentFormat> format_words[] = {
    {"json", DocumentFormat::json}, {"json_lines", DocumentFormat::json_lines},
    {"csv", DocumentFormat::csv},   {"xml", DocumentFormat::xml},
    {"xlsx", DocumentFormat::xlsx},
};

constexpr std::pair<std::string_view, DocumentPacking> packing_words[] = {
    {"auto", DocumentPacking::automatic},
    {"none", DocumentPacking::none},
    {"gzip", DocumentPacking::gzip},
    {"zip", DocumentPacking::zip},
};

constexpr Range<int> skipped_lines{1, 90};

constexpr std::string_view after_text = "a text of the line before the header";
constexpr std::string_view skip_text = "the number of lines before the header";
constexpr std::string_view totals_text = "which lines are sums and no rows";
constexpr std::string_view columns_text = "the columns' names, if the file has no header";

constexpr Key csv_table[] = {
    {"delimiter", form::text, "one character, or tab; without it, it is found out"},
    {"quote", form::text, "the character around texts, or none", R"("\"")"},
    {"charset", [] { return form::of_words({charset_names().begin(), charset_names().end()}); },
     "of a file without a byte order mark", R"("utf-8")"},
    {"header_after", form::text, after_text},
    {"skip_lines", [] { return form::integer(skipped_lines); }, skip_text},
    {"totals", [] { return form::object(totals_keys); }, totals_text},
    {"columns", [] { return form::list_of(form::filled_text(), 1); }, columns_text},
};

constexpr Key xlsx_table[] = {
    {"sheet", form::text, "name of the sheet; without it the first one"},
    {"dates", form::texts, "columns whose numbers are days, as a workbook counts them"},
    {"header_after", form::text, after_text},
    {"skip_lines", [] { return form::integer(skipped_lines); }, skip_text},
    {"totals", [] { return form::object(totals_keys); }, totals_text},
    {"columns", [] { return form::list_of(form::filled_text(), 1); }, columns_text},
};

constexpr Key xml_table[] = {
    {"row", form::text, "name of the elements that are rows"},
    {"root", form::text, "name of the outermost element; another one is an error"},
};

constexpr Key totals_table[] = {
    {"column", form::filled_text, "the column that tells them; without it the first one"},
    {"words", form::scalars, "what it then holds, ignoring case", "", true},
};

char read_character(yaml::Node const& node, std::string_view word, char meaning) {
  auto const text = node.text();
  if (text == word) return meaning;
  bool const fits = text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 &&
                    text[0] != '\n' && text[0] != '\r' && text[0] != '\0';
  if (!fits) {
    node.fail(yaml::quoted(text) + " is not one character",
              "Write one character, or `" + std::string(word) + "`.");
  }
  return text[0];
}

std::vector<std::string> read_column_names(yaml::Node const& node) {
  std::vector<std::string> names;
  for (auto const& item : node.items()) {
    names.push_back(item.text());
    if (names.back().empty()) item.fail("a column needs a name");
    if (std::ranges::count(names, names.back()) > 1) {
      item.fail("the column " + yaml::quoted(names.back()) + " is there twice");
    }
  }
  if (names.empty()) node.fail("the list is empty");
  return names;
}

void read_table(ObjectMap& map, TableSpec& table) {
  map.read("header_after", table.header_after);
  if (auto const lines = map.find("skip_lines")) {
    table.skip_lines = read_integer(*lines, skipped_lines);
    if (!table.header_after.empty()) {
      lines->fail("`header_after` says already where the header is", "Leave out one of them.");
    }
  }
  if (auto const columns = map.find("columns")) {
    table.columns = read_column_names(*columns);
    if (!table.header_after.empty()) {
      columns->fail("a table with `columns` has no header, so nothing can be before it",
                    "Leave out `header_after`, or `columns`.");
    }
  }
  auto const totals = map.find("totals");
  if (!totals) return;
  ObjectMap of_totals(*totals, totals_keys);
  table.totals.emplace();
  if (auto const column = of_totals.find("column")) {
    table.totals->column = column->text();
    if (!table.columns.empty() &&
        std::ranges::find(table.columns, table.totals->column) == table.columns.end()) {
      refuse_word(*column, table.totals->column, table.columns, "one of `columns`");
    }
  }
  table.totals->words = read_texts(of_totals.require("words"));
  of_totals.finish();
}

void read_csv_spec(yaml::Node const& node, DocumentSpec& document) {
  ObjectMap map(node, csv_keys);
  if (auto const delimiter = map.find("delimiter")) {
    document.delimiter = read_character(*delimiter, "tab", '\t');
  }
  if (auto const quote = map.find("quote")) document.quote = read_character(*quote, "none", '\0');
  if (document.delimiter == document.quote) {
    node.fail("`delimiter` and `quote` are the same character");
  }
  if (auto const charset = map.find("charset")) {
    document.charset = to_lower(charset->text());
    auto const known = charset_names();
    if (std::ranges::find(known, document.charset) == known.end()) {
      refuse_word(*charset, document.charset, {known.begin(), known.end()},
                  "a charset that affsync reads");
    }
  }
  read_table(map, document.table);
  map.finish();
}

void read_xml_spec(yaml::Node const& node, DocumentSpec& document) {
  ObjectMap map(node, xml_keys);
  map.read("row", document.row);
  map.read("root", document.root);
  map.finish();
}

void read_xlsx_spec(yaml::Node const& node, DocumentSpec& document) {
  ObjectMap map(node, xlsx_keys);
  map.read("sheet", document.sheet);
  if (auto const dates = map.find("dates")) document.dates = read_texts(*dates);
  read_table(map, document.table);
  map.finish();
}

// Returns true if a row gets this field from elsewhere than from a column.
bool is_added(StreamSpec const& stream, std::string const& name) {
  auto const& expand = stream.expand;
  bool const is_made = expand && (expand->value == name ||
                                  std::ranges::find(expand->names, name) != expand->names.end());
  return is_made || std::ranges::find(stream.keep, name, &KeptField::field) != stream.keep.end();
}

// Notes that the header must have the column of one of these paths.
void require_one(StreamSpec& stream, std::vector<JsonPath> const& paths) {
  auto& table = stream.document.table;
  std::vector<std::string> names;
  for (auto const& path : paths) {
    names.emplace_back(path.head());
    bool const is_there = names.back().empty() || is_added(stream, names.back()) ||
                          std::ranges::find(table.required, names.back()) != table.required.end();
    if (is_there) return;
  }
  if (names.empty() || std::ranges::find(table.mapped, names) != table.mapped.end()) return;
  table.mapped.push_back(std::move(names));
}

// Notes the columns that the mapping reads in any way.
void note_read(TableMapping const& mapping, TableSpec& table) {
  auto const note = [](JsonPath const& path, std::vector<std::string>& names) {
    std::string name(path.head());
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  for (auto const& part : mapping.key) {
    if (!part.constant) note(part.path, table.read);
  }
  if (mapping.hash) {
    for (auto const& field : mapping.hash->fields) note(field, table.read);
  }
  if (mapping.where) note(mapping.where->path, table.read);
  for (auto const& column : mapping.columns) {
    bool const is_number = column.type == ValueType::decimal || column.type == ValueType::percent ||
                           column.type == ValueType::integer;
    for (auto const& path : column.from) {
      note(path, table.read);
      if (is_number) note(path, table.measures);
    }
    for (auto const& one : column.present) note(one.path, table.read);
    if (column.only_if) note(*column.only_if, table.read);
    if (column.negative_if) note(*column.negative_if, table.read);
  }
}

// A column that is missing in one answer would make what is stored of it null.
void require_mapped(StreamSpec& stream, TableMapping const& mapping) {
  for (auto const& part : mapping.key) {
    if (!part.constant) require_one(stream, {part.path});
  }
  if (mapping.where) require_one(stream, {mapping.where->path});
  for (auto const& column : mapping.columns) {
    if (column.optional) continue;
    require_one(stream, column.from);
    for (auto const& one : column.present) require_one(stream, {one.path});
    if (column.only_if) require_one(stream, {*column.only_if});
    if (column.negative_if) require_one(stream, {*column.negative_if});
  }
}

}  // namespace

Object const csv_keys{"the CSV", "csv", csv_table};
Object const xlsx_keys{"the workbook", "xlsx", xlsx_table};
Object const xml_keys{"the XML", "xml", xml_table};
Object const totals_keys{"a line of sums", "totals", totals_table};

namespace form {

Json document_format() {
  return words(format_words);
}

Json document_packing() {
  return words(packing_words);
}

}  // namespace form

DocumentSpec read_document_spec(ObjectMap& map) {
  DocumentSpec document;
  if (auto const format = map.find("format")) {
    for (std::string_view const other : {"ndjson", "jsonl", "jsonlines"}) {
      if (!format->is_scalar() || format->text() != other) continue;
      format->fail(yaml::quoted(other) + " is not a format of answers",
                   "Did you mean `json_lines`?");
    }
    document.format = read_word<DocumentFormat>(*format, format_words, "a format of answers");
  }
  if (auto const packing = map.find("compression")) {
    document.packing = read_word<DocumentPacking>(*packing, packing_words, "a compression");
    if (document.format == DocumentFormat::xlsx && document.packing == DocumentPacking::zip) {
      packing->fail("a workbook is itself a zip archive", "Leave out `compression`.");
    }
  }
  struct Part {
    char const* key;
    DocumentFormat format;
    void (*read)(yaml::Node const&, DocumentSpec&);
  };
  constexpr Part parts[] = {{"csv", DocumentFormat::csv, read_csv_spec},
                            {"xml", DocumentFormat::xml, read_xml_spec},
                            {"xlsx", DocumentFormat::xlsx, read_xlsx_spec}};
  for (auto const& part : parts) {
    auto const node = map.find(part.key);
    if (!node) continue;
    if (document.format != part.format) {
      node->fail("the stream's answers are " + std::string(to_string(document.format)),
                 "Set `format: " + std::string(part.key) + "`.");
    }
    part.read(*node, document);
  }
  return document;
}

void require_columns(StreamSpec& stream) {
  if (!stream.document.is_table()) return;
  auto& required = stream.document.table.required;
  std::vector<std::string> names;
  for (auto const& part : stream.map.key) {
    if (!part.constant) names.emplace_back(part.path.head());
  }
  if (stream.map.hash) {
    for (auto const& field : stream.map.hash->fields) names.emplace_back(field.head());
  }
  for (auto const& name : names) {
    if (name.empty() || is_added(stream, name)) continue;
    if (std::ranges::find(required, name) == required.end()) required.push_back(name);
  }
  note_read(stream.map, stream.document.table);
  for (auto const& mapping : stream.also) note_read(mapping, stream.document.table);
  require_mapped(stream, stream.map);
  for (auto const& mapping : stream.also) require_mapped(stream, mapping);
}

}  // namespace affsync::engine::grammar
