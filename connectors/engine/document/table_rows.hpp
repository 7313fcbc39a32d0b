// Makes objects of the lines of a table (CSV, XLSX): finds the header, names the columns, sets
// apart the lines that are no rows.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

// The value of cells that a workbook has merged.
struct MergedCell {
  Json value;
  std::size_t first_line = 0, last_line = 0;
};

struct TableLine {
  std::size_t number = 0;   // in the file, from 1
  std::vector<Json> cells;  // null: no cell
  bool is_open = false;     // the text ends without a line break behind it
  // Of a workbook, by their columns: the merged cells that reach this line. Owned by
  // whoever gives the line, and used only while it is taken.
  std::map<std::size_t, MergedCell> const* merged = nullptr;
};

// Returns true if nothing is in the line.
bool is_blank(TableLine const& line);

// Returns the cell's text without blanks around it; empty if it has none.
std::string_view cell_text(Json const& cell);

// Returns the names of the columns: blanks around them removed, "column_3" for one without a name,
// "id_2" for the second one with the name "id". Columns without a name at the end are left out.
std::vector<std::string> column_names(std::vector<Json> const& header);

// Returns those of which the header should have one, if it has none; nullptr if it has all.
std::vector<std::string> const* lacking(std::vector<Json> const& header,
                                        std::vector<std::vector<std::string>> const& mapped);

// Returns true if the line has the columns of the key; without a key of columns, those that the
// mappings read.
bool may_be_header(std::vector<Json> const& line, TableSpec const& spec);

// Returns true if each of `required` is among the header's names.
bool has_columns(std::vector<Json> const& header, std::vector<std::string> const& required);

class TableRows {
 public:
  // How a cell of a named column becomes a value; nothing: as it is.
  using Convert = std::function<Json(std::string const& column, Json cell)>;

  // `pads`: a line may have fewer cells than the header, as in a workbook.
  TableRows(TableSpec const& spec, DocumentLimits const& limits, bool pads, Convert convert = {});

  // Takes a text before the header.
  void keep_before(std::string_view text);
  // Takes the next line. Errors: a line whose cells do not fit the header.
  Result<void> take(TableLine line);
  // The next line may be cut: if it is a row, it is left out.
  void may_be_cut() { is_cut_ = true; }
  bool lacks_last() const { return lacks_last_; }
  // Returns true if lines of sums are behind all rows.
  bool ends_with_sums() const { return !totals_.empty() && !has_row_behind_sums_; }
  // Returns the document. Error: there was no header.
  Result<Json> finish();

 private:
  bool is_header(TableLine const& line);
  // Returns true if a line below the header has the names of the key's columns in its cells.
  bool is_further_header(TableLine const& line) const;
  Result<void> take_header(TableLine line);
  // Adds up the names of the header. Errors: one is too long for a name.
  Result<void> measure_names();
  // Errors: the header lacks a column.
  Result<void> check_header() const;
  bool find_totals();  // false: the column is missing
  bool is_totals(TableLine const& line) const;
  Json row_of(TableLine line) const;
  // Gives the cells that are part of a merged one its value, unless it is a number to be added up,
  // or part of the header.
  void fill_merged(TableLine& line) const;

  TableSpec const& spec_;
  DocumentLimits const& limits_;
  bool pads_;
  bool is_cut_ = false;
  bool lacks_last_ = false;
  bool has_row_behind_sums_ = false;
  Convert convert_;
  std::vector<std::string> columns_;
  std::vector<Json> header_;  // as written
  std::size_t header_line_ = 0;
  std::size_t last_line_ = 0;  // that was not blank
  std::size_t totals_at_ = 0;
  bool passed_mark_ = false;   // the line with header_after
  std::size_t seen_ = 0;       // lines before the header
  std::vector<Json> nearest_;  // the first of them with a column of a mapping
  std::string first_;          // the first of them that is not blank
  std::size_t values_ = 0;
  std::size_t name_bytes_ = 0;       // of the names of the columns
  std::size_t name_bytes_read_ = 0;  // in all rows
  Json::Array rows_, totals_, before_;
};

}  // namespace affsync::engine
