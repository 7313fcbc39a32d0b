// Decides what an answer means: first by the connector's ordered rules, then by the HTTP status.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

struct Verdict {
  AnswerClass answer_class = AnswerClass::ok;
  std::optional<std::chrono::milliseconds> asked;  // throttled: the wait that the broker asks for
  std::optional<std::chrono::milliseconds> wait;   // the same, limited by the connector's bounds
  std::optional<Error> error;  // set unless ok or empty: code, broker's text (cut, one line), hint
  Json body;                   // as JSON, if it can be read
  // ok: why lines may be missing at the end of what was read.
  std::optional<Error> cut;
  std::string remark;       // about its charset; empty: nothing
  bool is_decoded = false;  // `body` is not as it came, but in UTF-8
  // empty, by a rule that checks nothing but an error status, or that there is no body
  bool by_status_alone = false;
};

// Classifies one answer.
//
// `is_login`: this is the answer to the login itself, so a refusal means wrong credentials. `now`:
// needed for a Retry-After that is a date, and for reset times. `good`: conditions that an answer
// with a good status must meet unless a rule classifies it. `document`: what a good answer is; a
// refusal may be JSON in any case. `stream`: whose answer it is. A rule of the class `empty` that
// finds a text anywhere in the body does not hold for an answer with rows of this stream, where the
// text may be anybody's.
//
// Lines of CSV or JSON that end with their connection may be cut, unless something in them shows
// their end. JSON lines without any are `malformed_answer` then.
//
// A rule of the class `empty` or `end_of_list` that takes an answer with rows is a mistake:
// `malformed_answer`. A 202 without rows is no answer yet: transient.
//
// A 4xx that is not about what was asked for is `refused`, unless a rule classifies it. A 206 whose
// text lacks bytes is `truncated` and transient. A 3xx is `redirected`. A 2xx whose body is not
// such a document is `malformed_answer`. An HTML page is `malformed_answer` for any status but 3xx,
// 401, 404, 410, 429 and 5xx: it comes from a firewall or proxy in front of the broker and is
// transient.
Verdict classify(HttpResponse const& response, std::vector<ErrorRule> const& rules,
                 RateSpec const& rate, bool is_login, TimePoint now,
                 std::vector<GoodSpec> const& good = {}, DocumentSpec const& document = {},
                 StreamSpec const* stream = nullptr);

}  // namespace affsync::engine
