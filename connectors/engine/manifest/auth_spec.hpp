// What a connector file says about authentication, parsed: login requests, ways to authenticate,
// signatures.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/http_message.hpp"
#include "base/json.hpp"

namespace affsync::engine {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// The body of a read by POST. The texts in it may have ${settings.…}.
struct BodySpec {
  bool as_form = false;
  bool is_graphql = false;
  Json json;        // unless it is a form
  NamedTexts form;  // fields of a form-urlencoded body
};

struct RequestSpec {
  Method method = Method::get;
  std::string path;  // may have ${…}; empty: unknown, the user must configure it
  NamedTexts query;  // in order
  NamedTexts headers;
  NamedTexts json;  // members of the JSON body, all strings (logins only)
  NamedTexts form;  // fields of a form-urlencoded body instead (logins only)
  // Of a stream that is read by POST, or of a login whose members are not all texts.
  std::optional<BodySpec> body;
};

// The name of the login's requests among the streams of a limit.
inline constexpr std::string_view login_requests = "login";

// So many requests in so much time.
struct RateLimit {
  int requests = 1;
  std::chrono::seconds per{1};
  std::vector<std::string> of;  // streams, or the login; empty: all requests together
};

struct NoAuth {};

struct StaticTokenAuth {
  std::string header = "Authorization";
  std::string value;  // "Bearer ${credentials.api_key}"
};

// RFC 7617.
struct BasicAuth {
  std::string header = "Authorization";
  std::string user;  // "${credentials.user}"
  std::string password;
};

// No authentication beside the signature and what is sent with it.
struct HmacAuth {};

// Where a login's answer holds a token: in one of these.
struct TokenPlace {
  JsonPath path;
  std::string header;
  std::string cookie;
};

// How a token is renewed without another login. The texts may have ${refresh_token}.
struct RefreshSpec {
  RequestSpec request;
  JsonPath token;  // of the refresh token, in the answers of the login and of this request
};

struct LoginTokenAuth {
  RequestSpec login;
  // Scheme and host of the login and of its renewal, and the path in front of theirs, without a
  // slash at the end; empty: those of the source.
  std::string url;
  std::optional<RateLimit> rate;  // of logins alone
  std::optional<RefreshSpec> refresh;
  // Further tokens of the same answer, for ${token.NAME}.
  std::vector<std::pair<std::string, TokenPlace>> more_tokens;
  // The login request itself uses HTTP Basic with these.
  std::optional<BasicAuth> login_basic;
  bool encodes_basic = false;  // both are form-urlencoded first (RFC 6749, 2.3.1)
  JsonPath token;            // in the body of the login's answer, unless one of the next two is set
  std::string token_header;  // the header that holds the token
  std::string token_cookie;  // the cookie that is the token
  std::string strip_prefix;  // removed from the token, in any case: "JWT "
  std::string header = "Authorization";
  std::string value;                            // "JWT ${token}"
  std::optional<JsonPath> expires_in;           // in the login's answer: seconds
  bool lifetime_from_jwt = false;               // use `exp` of the token
  std::chrono::seconds assumed_lifetime{3600};  // if there is no `exp`
  std::chrono::seconds renew_before{300};
};

using AuthSpec = std::variant<NoAuth, StaticTokenAuth, BasicAuth, HmacAuth, LoginTokenAuth>;

enum class SignedPart {
  constant,
  method,            // GET
  host,              // of the base URL, with its port if that is not the usual one
  path,              // as sent, with the path of the base URL
  query,             // as sent
  sorted_query,      // name=value pairs percent-encoded by RFC 3986, sorted bytewise as whole texts
  raw_query,         // its name=value pairs, decoded
  sorted_raw_query,  // the same sorted by name
  sorted_names_and_values,    // the same without = and &
  path_and_query,             // as sent; without ? if there is no query
  path_and_raw_query,         // the same, decoded
  path_and_sorted_raw_query,  // the same, sorted by name
  body,                       // as sent
  body_sha256,                // hex; the hash of no bytes if there is no body
  body_sha512,
  timestamp,
  nonce,
  receive_window,
  sha256_of  // the 32 bytes of the hash over other parts
};

// A hash over parts of a request, computed each time the request is sent.
struct SignatureSpec {
  struct Part {
    SignedPart kind = SignedPart::constant;
    std::string text;                     // for a constant; may have ${…}
    std::vector<SignedPart> hashed = {};  // for sha256_of, in order
  };
  enum class Algorithm {
    hmac_sha256,
    hmac_sha512,
    hmac_sha1,
    // Hashes without a key; a credential is one of the parts.
    sha256,
    sha1,
    md5,
    // SHA-256 of the hex digest of the parts, followed by the secret.
    double_sha256
  };
  enum class Encoding { hex, upper_hex, base64, base64_of_hex };
  enum class TimestampForm {
    seconds,
    milliseconds,
    iso,
    iso_milliseconds,
    iso_without_zone,
    rfc1123  // Thu, 14 Apr 2011 22:44:22 GMT
  };

  enum class Prehash { none, upper_md5 };
  enum class SecretForm { text, base64 };

  std::string secret;  // the key: "${credentials.secret}"; empty for a hash without one
  SecretForm secret_form = SecretForm::text;  // base64: the key is what the text encodes
  std::vector<Part> parts;
  std::string join;
  Prehash prehash = Prehash::none;  // what is signed is the parts, or the digits of their hash
  Algorithm algorithm = Algorithm::hmac_sha256;
  Encoding encoding = Encoding::hex;
  // One of these carries the signature.
  std::string header;
  std::string parameter;  // of the query, behind all others
  std::string prefix;     // text before the signature
  // Where the time, the nonce and the receive window are sent; empty: not there.
  std::string timestamp_header;
  std::string timestamp_parameter;
  TimestampForm timestamp_form = TimestampForm::seconds;
  std::string nonce_header;
  std::string nonce_parameter;
  std::string receive_window;  // milliseconds; empty: none
  std::string receive_window_header;
  std::string receive_window_parameter;
  // Further headers whose values are texts signed with the same key and algorithm.
  NamedTexts signed_headers;

  bool has_key() const {
    return algorithm != Algorithm::sha256 && algorithm != Algorithm::sha1 &&
           algorithm != Algorithm::md5;
  }
};

// What every request but the login has beside its authentication. The values may have credentials
// and, with a login, the token.
struct AuthExtras {
  NamedTexts headers;
  NamedTexts query;
};

// One way to authenticate. A connector may have several; the credentials of the source decide which
// one is used.
struct AuthOption {
  AuthSpec auth;
  AuthExtras extras;
  std::optional<SignatureSpec> signature;
  bool secret_path = false;  // the paths of streams may have credentials
};

}  // namespace affsync::engine
