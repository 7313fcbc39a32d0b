// What a document that is not plain JSON looks like, as a connector says it, and how large it may
// be.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace affsync::engine {

enum class DocumentFormat { json, json_lines, csv, xml, xlsx };
std::string_view to_string(DocumentFormat format);

enum class DocumentPacking {
  automatic,  // by the first bytes
  none,
  gzip,
  zip  // with one file in it
};

// A line of sums among the rows of a table.
struct TotalsSpec {
  std::string column;              // empty: the first one
  std::vector<std::string> words;  // a row with one of these there, ignoring case, holds sums
};

// Where a table (CSV, XLSX) has its header, and which rows are none.
struct TableSpec {
  std::vector<std::string> columns;  // names of a table without a header; empty: it has one
  std::string header_after;          // the header follows the line with this text; empty: unknown
  int skip_lines = 0;                // lines before the header
  // The header must have these. Without `header_after` and `skip_lines` it is the first line that
  // does, among the first ones.
  std::vector<std::string> required;
  // What mappings and filters read: the header must have one of each. It is their line if none is
  // required, and anything else under `required` is another document.
  std::vector<std::vector<std::string>> mapped;
  // Columns that something of the connector reads: an error of a workbook counts only there. And
  // those that are read as numbers: a merged one is one number, not one in each row.
  std::vector<std::string> read, measures;
  std::optional<TotalsSpec> totals;
  bool ends_with_totals = false;  // rows without a line of sums are a table that was cut off
};

struct DocumentSpec {
  DocumentFormat format = DocumentFormat::json;
  DocumentPacking packing = DocumentPacking::automatic;
  TableSpec table;
  std::optional<char> delimiter;   // csv; unset: found out
  char quote = '"';                // csv; NUL: the file quotes nothing
  std::string charset;             // csv; empty: by the byte order mark, else UTF-8
  std::string row;                 // xml: name of the elements that are rows
  std::string root;                // xml: name of the outermost element; empty: any
  std::string sheet;               // xlsx: name of the sheet; empty: the first one
  std::vector<std::string> dates;  // xlsx: columns whose numbers are days since 1900

  bool is_table() const { return format == DocumentFormat::csv || format == DocumentFormat::xlsx; }
};

struct DocumentLimits {
  std::size_t bytes = std::size_t{256} * 1024 * 1024;  // after unpacking
  std::size_t ratio = 200;     // of unpacked to packed bytes, beyond the first megabytes
  std::size_t members = 1000;  // of an archive
  std::size_t columns = 1000;  // of a table
  std::size_t cell_bytes = std::size_t{1024} * 1024;
  std::size_t depth = 32;          // nested elements
  std::size_t values = 5'000'000;  // in the whole document
};

}  // namespace affsync::engine
