// The sign-in by a form, and the answers to those who may not read. Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http_message.hpp"
#include "daemon/serve/access.hpp"
#include "daemon/serve/query_string.hpp"
#include "daemon/serve/token_guard.hpp"

namespace affsync::serve {

struct Admission {
  // The answer to a request that signs in or out, or whose sender may not read what it asks for;
  // nullopt if the request may be answered.
  std::optional<HttpResponse> answer;
  Access::Who who = Access::Who::stranger;
  bool wrong = false;      // gave a wrong token
  bool held_off = false;   // gave a token, which was not looked at after too many wrong ones
  bool waits_now = false;  // its sender has to wait for the first time
};

// `caller`: see caller_of().
Admission admit(Access const& access, TokenGuard& guard, std::string const& caller,
                HttpRequest const& request, Target const& target, TimePoint now,
                std::vector<std::string> const& hosts);

}  // namespace affsync::serve
