// CSV as RFC 4180 has it, and as programs write it: other delimiters, charsets, line ends, text
// before the header.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/document/document_spec.hpp"
#include "connectors/engine/document/table_rows.hpp"

namespace affsync::engine {

// Splits a text into lines of cells. A quote within a cell that does not begin with one is an
// ordinary character. Line ends are LF, CR LF and CR.
class CsvLines {
 public:
  // `start`: position of the first line to read.
  CsvLines(std::string_view text, std::size_t start, char delimiter, char quote,
           DocumentLimits const& limits);
  // Reads the next line into `line`; false at the end. Errors: malformed_answer with line and
  // column, answer_too_large.
  Result<bool> next(TableLine& line);

 private:
  Result<std::string> quoted_cell();
  std::string plain_cell();
  bool ends_line() const;
  void skip_line_end();
  Error flaw(std::size_t at, std::string_view what) const;

  std::string_view text_;
  char delimiter_;
  char quote_;
  DocumentLimits const& limits_;
  std::size_t at_;
  std::size_t line_;
};

// `end`: see the second read_document(); null: all bytes are there.
Result<Json> read_csv(std::string_view bytes, DocumentSpec const& spec,
                      DocumentLimits const& limits, DocumentEnd* end = nullptr);

}  // namespace affsync::engine
