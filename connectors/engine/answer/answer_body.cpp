#include "connectors/engine/answer/answer_body.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/document/charset.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/document/xml_reader.hpp"

namespace affsync::engine {
namespace {

Error may_be_cut(DocumentEnd const& end, DocumentSpec const& document) {
  std::string text =
      "the answer has neither Content-Length nor chunks, so lines may be missing where its "
      "connection ended";
  if (end.lacks_last) text += "; its last line has no line break and was left out";
  std::string hint = "Ask the broker to send a Content-Length, or to answer in chunks.";
  if (document.format == DocumentFormat::csv && !document.table.totals) {
    hint += " If its table ends with a line of sums, name that under `csv: {totals: …}`.";
  }
  return {ErrorCode::sweep_unverified, std::move(text), std::move(hint)};
}

// `application/json; charset=windows-1251` -> "windows-1251"
std::string charset_of(Headers const& headers) {
  constexpr std::string_view word = "charset=";
  auto const type = to_lower(headers.find("Content-Type").value_or(""));
  auto const at = type.find(word, std::min(type.find(';'), type.size()));
  if (at == std::string::npos) return {};
  std::string_view name(type);
  name.remove_prefix(at + word.size());
  name = trim_blanks(name.substr(0, name.find(';')));
  if (name.size() > 1 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  return std::string(name);
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    auto const length = static_cast<unsigned char>(text[at]) < 0x80 ? 1 : utf8_character(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

// Returns the body in UTF-8 if it is in the charset that its header names; nothing if it may stay
// as it is. What is UTF-8 is not anything else, whatever the header says.
std::optional<std::string> decoded(HttpResponse const& response, DocumentSpec const& spec,
                                   std::string& remark) {
  std::string_view const body(response.body);
  auto const charset = charset_of(response.headers);
  bool const names_itself = (spec.format == DocumentFormat::csv && !spec.charset.empty()) ||
                            (spec.format == DocumentFormat::xml && !declared_charset(body).empty());
  bool const is_text = spec.format != DocumentFormat::xlsx && !is_packed(body) &&
                       spec.packing != DocumentPacking::gzip &&
                       spec.packing != DocumentPacking::zip;
  if (charset.empty() || charset == "utf-8" || names_itself || !is_text) return std::nullopt;
  if (!charset.starts_with("utf-16") && is_utf8(body)) return std::nullopt;
  auto text = to_utf8(body, charset, DocumentLimits().bytes);
  if (text) return std::move(*text);
  remark = "its Content-Type names the charset \"" + one_line(charset, 40) +
           "\", but the answer is neither that nor UTF-8 (" + text.error().message +
           "): letters that are lost make different names alike";
  return std::nullopt;
}

}  // namespace

AnswerBody read_body(HttpResponse const& response, DocumentSpec const& spec) {
  bool const is_good = response.status >= 200 && response.status < 300;
  std::optional<Error> flaw;
  if (is_good) {
    AnswerBody good{Json(), {}, {}, {}, false};
    auto const text = decoded(response, spec, good.remark);
    good.is_decoded = text.has_value();
    std::string_view const body(text ? *text : response.body);
    DocumentEnd end;
    good.body =
        response.ends_with_connection ? read_document(body, spec, end) : read_document(body, spec);
    if (good.body) {
      if (!end.is_shown) good.cut = may_be_cut(end, spec);
      return good;
    }
    flaw = good.body.error();
    good.flaw = flaw;
    if (spec.format == DocumentFormat::json) return good;
  }
  // A refusal is judged where requests are sent, and must not hold them up.
  constexpr std::size_t largest_refusal = 1'000'000;
  if (!is_good && response.body.size() > largest_refusal) {
    return {Error(ErrorCode::malformed_answer, "the refusal is too large to be read"),
            flaw,
            {},
            {},
            false};
  }
  return {parse_json(response.body), flaw, {}, {}, false};
}

}  // namespace affsync::engine
