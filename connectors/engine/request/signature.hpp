// Signs a request with a keyed hash (HMAC). Pure: the time and the nonce come from the caller, at
// the moment of sending, so that a request that is sent again is signed anew.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/request/auth.hpp"

namespace affsync::engine {

// Adds the signature, the timestamp and the nonce as headers. `base_path` is the path of the base
// URL, which the target does not hold. Failure internal for a credential that is not given.
void sign(HttpRequest& request, SignatureSpec const& signature, std::string_view base_path,
          Credentials const& credentials, TimePoint now, std::string_view nonce);

// 32 hex digits from the machine's source of randomness; Failure internal when that gives none.
std::string make_nonce();

// "/api/v3" of "https://broker.example/api/v3"; empty when there is none.
std::string base_path_of(std::string_view base_url);

// The name=value pairs of a query (without its ?), percent-encoded by RFC 3986 whatever they were
// before, sorted bytewise as whole texts, joined with &.
std::string sort_query(std::string_view query);

}  // namespace affsync::engine
