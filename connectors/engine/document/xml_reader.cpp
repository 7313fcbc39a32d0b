#include "connectors/engine/document/xml_reader.hpp"

#include <libxml/xmlreader.h>

#include <climits>
#include <memory>
#include <new>

#include "base/text.hpp"
#include "connectors/engine/document/charset.hpp"

namespace affsync::engine {
namespace {

using namespace std::string_view_literals;

struct FreeReader {
  void operator()(xmlTextReader* reader) const { xmlFreeTextReader(reader); }
};

std::string_view viewed(xmlChar const* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<char const*>(text);
}

// The first fault that the library reports.
struct Fault {
  std::string message;
  int line = 0;
  int column = 0;
};

// libxml2 2.12 added a const.
template <class XmlError>
void note_fault(void* data, XmlError* error) {
  auto& fault = *static_cast<Fault*>(data);
  if (!fault.message.empty() || error == nullptr || error->level < XML_ERR_ERROR) return;
  fault.message = error->message == nullptr ? "it is damaged" : trim_blanks(error->message);
  fault.line = error->line;
  fault.column = error->int2;
}

}  // namespace

std::string declared_charset(std::string_view bytes) {
  if (bytes.starts_with("<\0?\0"sv)) return "utf-16le";
  if (bytes.starts_with("\0<\0?"sv)) return "utf-16be";
  if (!bytes.starts_with("<?xml")) return {};
  auto const declaration = bytes.substr(0, bytes.substr(0, 400).find("?>"));
  auto at = declaration.find("encoding");
  if (at == declaration.npos) return {};
  at = declaration.find_first_of("\"'", at);
  if (at == declaration.npos) return {};
  auto const end = declaration.find(declaration[at], at + 1);
  return std::string(declaration.substr(at + 1, end - at - 1));
}

namespace {

// Returns true if a document type stands before the first element. Looked for before the library
// sees the text, since a type may declare what it then must not expand.
bool has_document_type(std::string_view text) {
  for (std::size_t at = 0;;) {
    at = text.find('<', at);
    if (at == text.npos) return false;
    auto const rest = text.substr(at);
    auto const end = rest.starts_with("<?") ? "?>"sv : rest.starts_with("<!--") ? "-->"sv : ""sv;
    if (end.empty()) return rest.starts_with("<!");
    at = text.find(end, at + 2);
    if (at == text.npos) return false;
  }
}

XmlElement element_at(xmlTextReader* reader) {
  XmlElement element;
  while (xmlTextReaderMoveToNextAttribute(reader) == 1) {
    if (xmlTextReaderIsNamespaceDecl(reader) == 1) continue;
    auto const space = viewed(xmlTextReaderConstNamespaceUri(reader));
    auto const name = viewed(xmlTextReaderConstLocalName(reader));
    auto const value = viewed(xmlTextReaderConstValue(reader));
    if (space == "http://www.w3.org/2001/XMLSchema-instance") {
      element.is_nil = element.is_nil || (name == "nil" && (value == "true" || value == "1"));
      continue;
    }
    element.attributes.emplace_back(name, value);
  }
  xmlTextReaderMoveToElement(reader);
  element.name = viewed(xmlTextReaderConstLocalName(reader));
  return element;
}

Result<void> handle_node(xmlTextReader* reader, XmlEvents const& events) {
  switch (xmlTextReaderNodeType(reader)) {
    case XML_READER_TYPE_ELEMENT: {
      bool const is_empty = xmlTextReaderIsEmptyElement(reader) == 1;
      auto const element = element_at(reader);
      auto done = events.start(element);
      if (done && is_empty) done = events.end(element.name);
      return done;
    }
    case XML_READER_TYPE_END_ELEMENT:
      return events.end(viewed(xmlTextReaderConstLocalName(reader)));
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
    case XML_READER_TYPE_WHITESPACE:
      return events.text(viewed(xmlTextReaderConstValue(reader)));
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
      return Error(ErrorCode::malformed_answer, "document types and entities are not allowed");
    default:
      return {};
  }
}

}  // namespace

Result<void> read_xml_events(std::string_view bytes, DocumentLimits const& limits,
                             std::string_view what, XmlEvents const& events) {
  auto const charset = declared_charset(bytes);
  auto const text = to_utf8(bytes, charset, limits.bytes);
  if (!text) {
    auto error = text.error();
    if (error.code == ErrorCode::malformed_answer && charset.empty()) {
      error.hint =
          "A document that is not UTF-8 has to name its charset in its first line, such as `<?xml "
          "version=\"1.0\" encoding=\"windows-1251\"?>`, or in `Content-Type`.";
    }
    return error;
  }
  auto const flaw = [&](std::string const& message) {
    return Error(ErrorCode::malformed_answer, "not " + std::string(what) + ": " + message);
  };
  if (trim_blanks(*text).empty()) return flaw("it is empty");
  if (has_document_type(*text)) return flaw("it has a document type, which is not allowed");
  if (text->size() > INT_MAX) return Error(ErrorCode::answer_too_large, "too many bytes");

  static bool const is_ready = (xmlInitParser(), true);
  std::unique_ptr<xmlTextReader, FreeReader> const reader(
      is_ready ? xmlReaderForMemory(text->data(), static_cast<int>(text->size()), nullptr, "UTF-8",
                                    XML_PARSE_NONET | XML_PARSE_IGNORE_ENC)
               : nullptr);
  if (!reader) throw std::bad_alloc();
  Fault fault;
  auto const note = [](void* data, auto* error) { note_fault(data, error); };
  xmlTextReaderSetStructuredErrorHandler(reader.get(), note, &fault);
  for (;;) {
    int const more = xmlTextReaderRead(reader.get());
    if (more == 1 && static_cast<std::size_t>(xmlTextReaderDepth(reader.get())) > limits.depth) {
      return Error(ErrorCode::answer_too_large, std::string(what) + " refused: nested too deeply");
    }
    if (more < 0 || !fault.message.empty()) {
      if (fault.message.empty()) return flaw("it is damaged");
      return flaw("line " + std::to_string(fault.line) + ", column " +
                  std::to_string(fault.column) + ": " + fault.message);
    }
    if (more == 0) return {};
    if (auto done = handle_node(reader.get(), events); !done) return done;
  }
}

}  // namespace affsync::engine
