// What an answer means: the connector's ordered rules first, then what HTTP itself says.
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
  std::optional<std::chrono::milliseconds> asked;  // throttled: as long as the broker asks for
  std::optional<std::chrono::milliseconds> wait;   // the same within the connector's bounds
  std::optional<Error> error;    // for every class but ok and empty: code, text of
                                 // the broker (cut, one line), hint
  Json body;                     // parsed, when it was JSON
  bool by_status_alone = false;  // empty, by a rule that looks at nothing but an error status
};

// `is_login`: the answer to the login itself, where a refusal means wrong credentials.
// `now` is used for Retry-After given as a date and for reset times.
// 3xx is `redirected`; a 2xx whose body is not JSON is `malformed_answer`. So is an HTML page with
// any status but 3xx, 401, 404, 410, 429 and 5xx: it comes from a firewall or the like in front of
// the broker, and is transient. `good`: what an answer with a good
// status must hold unless a rule says what it means.
Verdict classify(HttpResponse const& response, std::vector<ErrorRule> const& rules,
                 RateSpec const& rate, bool is_login, TimePoint now,
                 std::vector<GoodSpec> const& good = {});

}  // namespace affsync::engine
