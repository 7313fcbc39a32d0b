// What authentication adds to a request, and what a login's answer means. Pure; the flow (one login
// shared by all streams) belongs to the source's session.
#pragma once

#include <map>
#include <string>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

using Credentials = std::map<std::string, Secret>;

struct Token {
  Secret text;
  TimePoint expires_at{};
  TimePoint renew_at{};
};

// The login request with credentials filled in as JSON (properly escaped) or as a form.
HttpRequest make_login_request(LoginTokenAuth const& auth, Credentials const& credentials);

// The token from a good answer to the login. Errors: login_refused, with the broker's own words,
// when there is none where the connector says it is.
// What a JWT says of its end counts from its own beginning (`iat`), else from `server_now`, the
// answer's Date: our clock may be wrong.
// `headers` are the answer's, for a token that stands there or is a cookie (whose Max-Age counts).
Result<Token> read_token(LoginTokenAuth const& auth, Json const& body, TimePoint now,
                         std::optional<TimePoint> server_now = std::nullopt,
                         Headers const& headers = {});

// A good answer with the token in its headers, whatever its body is.
bool holds_token(LoginTokenAuth const& auth, HttpResponse const& response);

// `exp` of a JWT's payload (not verified: it is the broker's own token for us); nullopt when the
// text is no JWT or has none.
std::optional<TimePoint> jwt_expiry(std::string_view token);
// `exp` less `iat`; nullopt unless both are there and it is more than nothing.
std::optional<std::chrono::seconds> jwt_lifetime(std::string_view token);

// Adds the header of a token, of a name and password or of a key to the request's secret headers.
// A signature is added by sign(), afterwards.
void authorize(HttpRequest& request, AuthSpec const& auth, Credentials const& credentials,
               Token const* token);

}  // namespace affsync::engine
