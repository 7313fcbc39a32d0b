// Reads the body of an answer.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

struct AnswerBody {
  Result<Json> body;
  std::optional<Error> flaw;  // set if a good answer is no such document
  std::optional<Error> cut;   // set if it is, and lines may be missing at its end
  std::string remark;         // about its charset
  bool is_decoded = false;    // from the charset of its Content-Type
};

// A good answer is a document of the stream, anything else may be JSON.
AnswerBody read_body(HttpResponse const& response, DocumentSpec const& spec);

}  // namespace affsync::engine
