// What an answer means: the connector's ordered rules first, then what HTTP itself says.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest.hpp"

namespace affsync::engine {

struct Verdict {
  AnswerClass answer_class = AnswerClass::ok;
  std::optional<std::chrono::milliseconds> wait;  // throttled: as long as the broker asks for
  std::optional<Error> error;                     // for every class but ok and empty: code, text of
                                                  // the broker (cut, one line), hint
  Json body;                                      // parsed, when it was JSON
  bool by_status_alone = false;  // empty, by a rule that looks at nothing but an error status
};

// `is_login`: the answer to the login itself, where a refusal means wrong credentials.
// `now` is used for Retry-After given as a date and for reset times.
// 3xx is `redirected`; a 2xx whose body is not JSON is `malformed_answer`, and the text says so
// plainly when it looks like HTML. `good`: what an answer with a good status must hold unless a
// rule says what it means.
Verdict classify(HttpResponse const& response, std::vector<ErrorRule> const& rules,
                 RateSpec const& rate, bool is_login, TimePoint now,
                 std::vector<GoodSpec> const& good = {});

// Retry-After in seconds or as an HTTP date; nullopt when it is neither. Never negative.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, TimePoint now);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110; the two obsolete forms too).
std::optional<TimePoint> parse_http_date(std::string_view text);

}  // namespace affsync::engine
