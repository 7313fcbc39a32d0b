// An XML document. The first line names the elements that are rows, and the outermost one.
//
// For any text: what is read is JSON, no deeper than its bound, and a row is an object.
#include "connectors/engine/document/document.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {

void xml(std::string_view input) {
  using namespace engine;
  auto line = take_line(input);
  DocumentSpec spec;
  spec.format = DocumentFormat::xml;
  spec.packing = DocumentPacking::none;
  spec.row = take_word(line);
  spec.root = take_word(line);
  DocumentLimits limits;
  limits.values = 5000;
  auto const document = read_document(input, spec, limits);
  if (!document) {
    require(document.error().code == ErrorCode::malformed_answer ||
                document.error().code == ErrorCode::answer_too_large,
            "XML is refused as such", document.error().message);
    return;
  }
  auto const text = document->dump();
  JsonLimits json;
  json.depth = limits.depth + 32;  // lists of one name between the elements
  require(parse_json(text, json).has_value(), "the document is JSON", text);
  require(input.find("<!DOCTYPE") != 0, "a document type is refused", text);
  if (auto const* rows = document->find("rows")) {
    for (auto const& row : rows->items()) require(row.is_object(), "a row is an object", text);
  }
}

}  // namespace affsync::fuzz
