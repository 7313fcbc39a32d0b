// Whether the answer of a webhook or of Telegram means that the message arrived. Performs no I/O.
#pragma once

#include "base/http_message.hpp"
#include "base/redact.hpp"
#include "daemon/alerts/message.hpp"

namespace affsync::alerts {

enum class Speaks { any, telegram };

// Any status of 200 to 299 means that a webhook has the message, unless a JSON body says otherwise
// ("ok" or "success" false, "status" error); Telegram must say "ok" true. A redirect is a failure:
// it is never followed. The texts of the outcome hold no secret of `secrets`.
SendOutcome judge_answer(HttpResponse const& response, Speaks speaks, Redactor const& secrets,
                         TimePoint now);

}  // namespace affsync::alerts
