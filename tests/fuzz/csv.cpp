// A table in CSV. The first line chooses how it is read: delimiter, quote, charset, lines before
// the header, sums.
//
// For any text: the rows have unique columns and texts that JSON can hold; written as plain CSV
// again, they are read as the same rows.
#include "connectors/engine/document/charset.hpp"
#include "connectors/engine/document/document.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char const c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string written(Json::Array const& rows) {
  std::string text;
  for (std::size_t i = 0; i <= rows.size(); ++i) {
    bool first = true;
    for (auto const& member : rows[i == 0 ? 0 : i - 1].members()) {
      if (!first) text += ',';
      first = false;
      append_quoted(text, i == 0 ? member.name : member.value.as_string());
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace

void csv(std::string_view input) {
  auto line = take_line(input);
  DocumentSpec spec;
  spec.format = DocumentFormat::csv;
  spec.packing = DocumentPacking::none;
  constexpr std::string_view delimiters = ",;\t| ^";
  auto const chosen = static_cast<std::size_t>(to_choice(take_word(line), 7));
  if (chosen < delimiters.size()) spec.delimiter = delimiters[chosen];
  auto const quote = to_choice(take_word(line), 3);
  if (quote == 1) spec.quote = '\'';
  if (quote == 2) spec.quote = '\0';
  auto const charset = static_cast<std::size_t>(to_choice(take_word(line), 40));
  if (charset < charset_names().size()) spec.charset = charset_names()[charset];
  spec.table.skip_lines = to_choice(take_word(line), 3);
  auto const words = to_choice(take_word(line), 7);
  if ((words & 1) != 0) spec.table.required = {"id"};
  if ((words & 2) != 0) spec.table.totals = TotalsSpec{"", {"total", ""}};
  if ((words & 4) != 0) spec.table.header_after = "data";
  DocumentLimits limits;
  limits.columns = 50;
  limits.values = 5000;

  auto const document = read_document(input, spec, limits);
  if (!document) {
    require(document.error().code == ErrorCode::malformed_answer ||
                document.error().code == ErrorCode::answer_too_large,
            "a table is refused as such", document.error().message);
    return;
  }
  auto const text = document->dump();
  require(parse_json(text).has_value(), "the document is JSON", text);
  require(!document->has_duplicate(), "columns have unique names", text);
  auto const& rows = document->find("rows")->items();
  if (rows.empty()) return;
  // Tables below each other have columns of their own; only one table can be written again.
  auto const names = [](Json const& row) {
    std::string all;
    for (auto const& member : row.members()) all += std::string(member.name) + '\n';
    return all;
  };
  for (auto const& row : rows) {
    if (names(row) != names(rows[0])) return;
  }
  DocumentSpec plain;
  plain.format = DocumentFormat::csv;
  plain.delimiter = ',';
  // The header itself, since a row before it may now have the same columns.
  plain.table.required = spec.table.required;
  auto const again = read_document(written(rows), plain);
  require(again.has_value(), "rows can be written", text);
  require(again->find("rows")->dump() == document->find("rows")->dump(),
          "rows that are written are read again", text);
}

}  // namespace affsync::fuzz
