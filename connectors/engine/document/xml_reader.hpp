// Reads XML as a sequence of starts, texts and ends. No document type, no entities but the five of
// XML itself, nothing from outside of the text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

struct XmlElement {
  std::string_view name;  // without its prefix
  // Without prefixes; those of namespaces themselves are left out.
  std::vector<std::pair<std::string, std::string>> attributes;
  bool is_nil = false;  // xsi:nil="true"
};

// What happens at each part of a document, in order. An error ends the reading.
struct XmlEvents {
  std::function<Result<void>(XmlElement const&)> start;
  std::function<Result<void>(std::string_view)> text;
  std::function<Result<void>(std::string_view name)> end;
};

// `what` names the text in messages ("XML"). Errors: malformed_answer with line and column,
// answer_too_large.
// The charset that a declaration names, <?xml version="1.0" encoding="windows-1251"?>; empty: none.
std::string declared_charset(std::string_view bytes);

Result<void> read_xml_events(std::string_view bytes, DocumentLimits const& limits,
                             std::string_view what, XmlEvents const& events);

}  // namespace affsync::engine
