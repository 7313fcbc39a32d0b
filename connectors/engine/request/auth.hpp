// What authentication adds to a request, and what a login's answer means. Pure; the flow (one login
// shared by all streams) belongs to the source's session.
#pragma once

#include <string>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/plan/credentials.hpp"

namespace affsync::engine {

// Returns the address that a login and its renewal go to; empty: that of the source's other
// requests, or there is no login.
std::string const& login_url_of(AuthSpec const& auth);

// Returns the login request with the credentials filled in, as JSON (properly escaped) or as a
// form.
HttpRequest make_login_request(LoginTokenAuth const& auth, Credentials const& credentials);

// Returns the request that renews a token, with what the login's answer gave for it.
HttpRequest make_refresh_request(RefreshSpec const& refresh, Credentials const& credentials,
                                 Secret const& refresh_token);

// Returns the token from a good answer to the login. Errors: login_refused, with the broker's own
// words, if there is no token where the connector expects it.
//
// The lifetime of a JWT is counted from its `iat`, or from `server_now`, the answer's Date, because
// our clock may be wrong. `headers` are the answer's, for a token in a header or cookie; Max-Age or
// Expires of a cookie limits the lifetime. `base_url`: a cookie for another host is none; empty:
// all are for this one.
Result<Token> read_token(LoginTokenAuth const& auth, Json const& body, TimePoint now,
                         std::optional<TimePoint> server_now = std::nullopt,
                         Headers const& headers = {}, std::string_view base_url = {});

// Returns true for a good answer that has the token in its headers, whatever its body is.
bool holds_token(LoginTokenAuth const& auth, HttpResponse const& response);

// Returns `exp` of a JWT's payload, not verified, because the token is only sent back to the broker
// that issued it; nullopt if the text is no JWT or has no `exp`.
std::optional<TimePoint> jwt_expiry(std::string_view token);
// Returns `exp` minus `iat`; nullopt unless both are present and the difference is positive.
std::optional<std::chrono::seconds> jwt_lifetime(std::string_view token);

// Adds the header of a token, of a name and password, or of a key to the request's secret headers.
// A signature is added later, by sign().
void authorize(HttpRequest& request, AuthSpec const& auth, Credentials const& credentials,
               Token const* token);
// Adds the further headers and parameters, and fills in the credentials that the path has.
void add_extras(HttpRequest& request, AuthExtras const& extras, Credentials const& credentials,
                Token const* token);

}  // namespace affsync::engine
