// Signs a request with a keyed hash (HMAC). Pure: the caller provides time and nonce when it sends
// the request, so a repeated request gets a new signature.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/request/auth.hpp"

namespace affsync::engine {

// Adds the signature, the timestamp and the nonce as headers. `base_path` is the path of the base
// URL, which the target does not include. Throws Failure internal for a credential that is not
// given.
void sign(HttpRequest& request, SignatureSpec const& signature, std::string_view base_path,
          Credentials const& credentials, TimePoint now, std::string_view nonce);

// Returns 32 random hex digits from the operating system; throws Failure internal if it provides
// none.
std::string make_nonce();

// Returns "/api/v3" for "https://broker.example/api/v3"; empty if there is no path.
std::string base_path_of(std::string_view base_url);

// Returns the name=value pairs of a query (without its ?), percent-encoded by RFC 3986 whatever
// their encoding was, sorted bytewise as whole texts, joined with &.
std::string sort_query(std::string_view query);

}  // namespace affsync::engine
