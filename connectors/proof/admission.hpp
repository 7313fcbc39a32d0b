// Whether a request proves who sends it, looked at from the other side: by the connector's own
// words, but without the code that authenticates requests.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/proof/fixture.hpp"

namespace affsync::proof {

// Returns what is wrong with a login; nullopt if it carries the credentials.
std::optional<std::string> login_complaint(engine::SourcePlan const& plan,
                                           HttpRequest const& request);

// Returns what is wrong with a request for data; nullopt if it is admitted. `token`: of the last
// login.
std::optional<std::string> admission_complaint(engine::SourcePlan const& plan,
                                               HttpRequest const& request, std::string const& token,
                                               TimePoint now);

struct MadeToken {
  std::string token;
  HttpResponse response;
};
// Returns the answer to a login: that of the sample with another token, or one that is made from
// the connector's words.
MadeToken make_token(engine::LoginTokenAuth const& login, Fixture const* sample, TimePoint now,
                     int number);

}  // namespace affsync::proof
