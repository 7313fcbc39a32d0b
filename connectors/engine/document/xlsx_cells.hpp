// What a sheet of a workbook says of its cells beside their values: places, merged ranges, escapes.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document_spec.hpp"
#include "connectors/engine/document/table_rows.hpp"
#include "connectors/engine/document/xml_reader.hpp"

namespace affsync::engine {

// Returns the attribute's value; empty if there is none.
std::string attribute(XmlElement const& element, std::string_view name);

// The column of "BC12", from 0; nullopt if there is none.
std::optional<std::size_t> column_of(std::string_view reference);

// The letters of a column, from 0.
std::string letters_of(std::size_t column);

// The number that all of the text is; nullopt if it is none.
std::optional<std::size_t> unsigned_number(std::string_view text);

// The text with _x000D_ replaced by the character that it stands for, as workbooks write what XML
// cannot hold. Halves of a pair stay as they are.
std::string without_escapes(std::string text);

// The merged ranges of a sheet, line by line from above. A sheet names them behind its rows.
class MergedCells {
 public:
  // Reads the ranges. Errors: as of the XML.
  static Result<MergedCells> of_sheet(std::string_view sheet, DocumentLimits const& limits);

  // Returns the ranges that reach the line, by their columns; valid until the next
  // call. Lines have to come in order; ranges that begin in a line before them all are left out.
  std::map<std::size_t, MergedCell> const* in_line(TableLine const& line);

  // Bytes of texts that the ranges have repeated so far.
  std::size_t repeated_bytes() const { return repeated_; }

 private:
  struct Range {
    std::size_t first_line = 0, last_line = 0;
    std::size_t first_column = 0, last_column = 0;
  };
  static std::optional<Range> read_range(std::string_view reference);

  std::vector<Range> ranges_;  // by their first lines
  std::size_t next_ = 0;
  std::map<std::size_t, MergedCell> values_;
  std::size_t repeated_ = 0;
};

}  // namespace affsync::engine
