#include "connectors/engine/answer/answer_body.hpp"

#include <string>
#include <utility>

#include "connectors/engine/document/document.hpp"

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

}  // namespace

AnswerBody read_body(HttpResponse const& response, DocumentSpec const& spec) {
  bool const is_good = response.status >= 200 && response.status < 300;
  std::optional<Error> flaw;
  if (is_good) {
    DocumentEnd end;
    auto document = response.ends_with_connection ? read_document(response.body, spec, end)
                                                  : read_document(response.body, spec);
    if (document) {
      auto cut = end.is_shown ? std::nullopt : std::optional(may_be_cut(end, spec));
      return {std::move(document), {}, std::move(cut)};
    }
    flaw = document.error();
    if (spec.format == DocumentFormat::json) return {std::move(document), flaw, {}};
  }
  // A refusal is judged where requests are sent, and must not hold them up.
  constexpr std::size_t largest_refusal = 1'000'000;
  if (!is_good && response.body.size() > largest_refusal) {
    return {Error(ErrorCode::malformed_answer, "the refusal is too large to be read"), flaw, {}};
  }
  return {parse_json(response.body), flaw, {}};
}

}  // namespace affsync::engine
