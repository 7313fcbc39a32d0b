// Turns the bytes of an answer or a file into the engine's JSON, whatever their format is, so that
// everything behind (rows, mapping, keys, privacy) knows JSON only. Pure.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

// JSON becomes itself. Of the others:
//
//   json_lines  {"rows": [the value of each line]}
//   csv, xlsx   {"rows": [{column: cell, …}], "totals": [the rows of sums], "before": [the lines
//               before the header]}; the last two only if there are any. Cells of CSV are texts,
//               those of XLSX texts, numbers with their digits, true or false, or null.
//   xml         {"rows": [the elements that are rows], "root": the outermost element without them}.
//               An element with text alone is that text, one with xsi:nil is null, any other an
//               object; elements of one name become a list, attributes members with an @ in front,
//               text beside other elements the member #text. Prefixes of names are left out.
//
// Errors: malformed_answer and answer_too_large; the message names the line.
Result<Json> read_document(std::string_view bytes, DocumentSpec const& spec,
                           DocumentLimits const& limits = {});

// What a document shows of its end.
struct DocumentEnd {
  bool is_shown = true;     // nothing can be missing behind what was read
  bool lacks_last = false;  // a row was left out, because no line break ends it
};

// The same of bytes of which nobody knows whether they are all, such as those of an answer that
// ends with its connection. JSON, XML, workbooks and what is packed show their end; of CSV a line
// of sums behind all rows does, of JSON lines nothing. A row that may be cut is left out. Errors
// also: malformed_answer for lines of JSON that are none.
Result<Json> read_document(std::string_view bytes, DocumentSpec const& spec, DocumentEnd& end,
                           DocumentLimits const& limits = {});

// Returns true if the bytes are no text: gzip, a zip archive, a workbook.
bool is_packed(std::string_view bytes);

// The name of a format for messages: "CSV".
std::string_view shown(DocumentFormat format);

// What a request for such a document sends as `Accept`. Refusals may be of any type.
std::string_view accepted(DocumentFormat format);

}  // namespace affsync::engine
