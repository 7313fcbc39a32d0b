// Signs a request with a hash, mostly a keyed one (HMAC). Pure: the caller provides time and nonce
// when it sends the request, so a repeated request gets a new signature.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/request/auth.hpp"

namespace affsync::engine {

// Where the signed request goes: the path of the base URL, which the target does not include, and
// its host.
struct SignedBase {
  std::string path;
  std::string host;
};
// Returns "/api/v3" and "broker.example" for "https://broker.example/api/v3".
SignedBase signed_base_of(std::string_view base_url);

// Adds the signature, the timestamp, the nonce and the receive window to the headers or to the
// query, the signature as the last parameter. What is signed is what is sent, so this comes last.
// Throws Failure internal for a credential that is not given.
void sign(HttpRequest& request, SignatureSpec const& signature, SignedBase const& base,
          Credentials const& credentials, TimePoint now, std::string_view nonce);
inline void sign(HttpRequest& request, SignatureSpec const& signature, std::string_view base_path,
                 Credentials const& credentials, TimePoint now, std::string_view nonce) {
  sign(request, signature, SignedBase{std::string(base_path), {}}, credentials, now, nonce);
}

// Returns 32 random hex digits from the operating system; throws Failure internal if it provides
// none.
std::string make_nonce();

// Returns "/api/v3" for "https://broker.example/api/v3"; empty if there is no path.
std::string base_path_of(std::string_view base_url);

// Returns the name=value pairs of a query (without its ?), percent-encoded by RFC 3986 whatever
// their encoding was, sorted bytewise as whole texts, joined with &.
std::string sort_query(std::string_view query);

}  // namespace affsync::engine
