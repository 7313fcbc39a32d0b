// Helpers for the tests of documents that are not JSON.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "connectors/engine/document/document.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::engine {

// A file of tests/unit/engine/documents, as make.py or a broker wrote it.
inline std::string document_file(std::string const& name) {
  std::ifstream file(test::in_source("tests/unit/engine/documents/" + name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline DocumentSpec csv_with(std::vector<std::string> required = {}) {
  DocumentSpec spec;
  spec.format = DocumentFormat::csv;
  spec.table.required = std::move(required);
  return spec;
}

inline DocumentSpec of_format(DocumentFormat format) {
  DocumentSpec spec;
  spec.format = format;
  return spec;
}

// The document as compact JSON, or the error's code and message.
inline std::string read_as(DocumentSpec const& spec, std::string_view bytes,
                           DocumentLimits const& limits = {}) {
  auto const document = read_document(bytes, spec, limits);
  if (document) return document->dump();
  return std::string(to_string(document.error().code)) + ": " + document.error().message;
}

}  // namespace affsync::engine
