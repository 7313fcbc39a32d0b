#include "connectors/engine/document/document.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "connectors/engine/document/charset.hpp"
#include "connectors/engine/document/csv.hpp"
#include "connectors/engine/document/unpack.hpp"
#include "connectors/engine/document/xlsx.hpp"
#include "connectors/engine/document/xml.hpp"
#include "connectors/engine/values/json_size.hpp"

namespace affsync::engine {
namespace {

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b");
}

bool is_zip(std::string_view bytes) {
  return bytes.starts_with("PK\x03\x04");
}

DocumentPacking packing_of(std::string_view bytes, DocumentSpec const& spec) {
  if (spec.packing != DocumentPacking::automatic) return spec.packing;
  if (is_gzip(bytes)) return DocumentPacking::gzip;
  // A workbook is itself an archive.
  bool const is_packed_file = is_zip(bytes) && spec.format != DocumentFormat::xlsx;
  return is_packed_file ? DocumentPacking::zip : DocumentPacking::none;
}

JsonLimits json_limits(DocumentLimits const& limits) {
  JsonLimits json;
  json.depth = limits.depth;
  json.values = limits.values;
  json.members = limits.values;  // some brokers give a list as an object, with ids as names
  return json;
}

Result<Json> read_json_lines(std::string_view text, DocumentLimits const& limits,
                             DocumentEnd* end_of_all) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Json::Array rows;
  std::size_t values = 0;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    auto const end = std::min(text.find('\n'), text.size());
    auto const line = trim_blanks(text.substr(0, end));
    bool const is_open = end == text.size();
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    auto row = parse_json(line, json_limits(limits));
    if (!row) {
      auto error = row.error();
      error.message = "line " + std::to_string(number) + ": " + error.message;
      return error;
    }
    // A bracket ends its own value.
    if (end_of_all != nullptr && is_open && !row->is_object() && !row->is_array()) {
      end_of_all->lacks_last = true;
      break;
    }
    values += count_values(*row);
    if (values > limits.values) {
      return Error(ErrorCode::answer_too_large,
                   "line " + std::to_string(number) + ": too many values");
    }
    rows.push_back(std::move(*row));
  }
  if (end_of_all != nullptr) {
    end_of_all->is_shown = false;
    if (rows.empty()) return Error(ErrorCode::malformed_answer, "there is no line in it");
  }
  return Json::object({{"rows", Json::array(std::move(rows))}});
}

Result<Json> read_plain(std::string_view bytes, DocumentSpec const& spec,
                        DocumentLimits const& limits, DocumentEnd* end) {
  switch (spec.format) {
    case DocumentFormat::json:
      return parse_json(bytes, json_limits(limits));
    case DocumentFormat::json_lines:
      return read_json_lines(bytes, limits, end);
    case DocumentFormat::csv:
      return read_csv(bytes, spec, limits, end);
    case DocumentFormat::xml:
      return read_xml(bytes, spec, limits);
    case DocumentFormat::xlsx:
      return read_xlsx(bytes, spec, limits);
  }
  return Error(ErrorCode::internal, "an unknown format of documents");
}

Result<Json> read(std::string_view bytes, DocumentSpec const& spec, DocumentLimits const& limits,
                  DocumentEnd* end) {
  auto const packing = packing_of(bytes, spec);
  if (packing == DocumentPacking::none) return read_plain(bytes, spec, limits, end);
  auto const unpacked =
      packing == DocumentPacking::gzip ? unpack_gzip(bytes, limits) : unpack_zip(bytes, limits);
  if (!unpacked) return unpacked.error();
  return read_plain(*unpacked, spec, limits, nullptr);
}

}  // namespace

Result<Json> read_document(std::string_view bytes, DocumentSpec const& spec,
                           DocumentLimits const& limits) {
  return read(bytes, spec, limits, nullptr);
}

Result<Json> read_document(std::string_view bytes, DocumentSpec const& spec, DocumentEnd& end,
                           DocumentLimits const& limits) {
  return read(bytes, spec, limits, &end);
}

bool is_packed(std::string_view bytes) {
  return is_gzip(bytes) || is_zip(bytes);
}

std::string_view to_string(DocumentFormat format) {
  switch (format) {
    case DocumentFormat::json:
      return "json";
    case DocumentFormat::json_lines:
      return "json_lines";
    case DocumentFormat::csv:
      return "csv";
    case DocumentFormat::xml:
      return "xml";
    case DocumentFormat::xlsx:
      return "xlsx";
  }
  return "json";
}

std::string_view shown(DocumentFormat format) {
  switch (format) {
    case DocumentFormat::json:
      return "JSON";
    case DocumentFormat::json_lines:
      return "JSON lines";
    case DocumentFormat::csv:
      return "CSV";
    case DocumentFormat::xml:
      return "XML";
    case DocumentFormat::xlsx:
      return "XLSX";
  }
  return "JSON";
}

std::string_view accepted(DocumentFormat format) {
  switch (format) {
    case DocumentFormat::json:
      return "application/json";
    case DocumentFormat::json_lines:
      return "application/x-ndjson, application/jsonl, */*;q=0.5";
    case DocumentFormat::csv:
      return "text/csv, */*;q=0.5";
    case DocumentFormat::xml:
      return "application/xml, text/xml, */*;q=0.5";
    case DocumentFormat::xlsx:
      return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, */*;q=0.5";
  }
  return "*/*";
}

}  // namespace affsync::engine
