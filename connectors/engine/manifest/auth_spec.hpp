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

struct RequestSpec {
  Method method = Method::get;
  std::string path;  // may have ${…}; empty: unknown, the user must configure it
  NamedTexts query;  // in order
  NamedTexts headers;
  NamedTexts json;  // members of the JSON body, all strings (logins only)
  NamedTexts form;  // fields of a form-urlencoded body instead (logins only)
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

// No authentication beside the signature; `headers` are extra ones, such as the name of the key.
struct HmacAuth {
  NamedTexts headers;
};

struct LoginTokenAuth {
  RequestSpec login;
  // The login request itself uses HTTP Basic with these; both are form-urlencoded first (RFC 6749,
  // 2.3.1).
  std::optional<BasicAuth> login_basic;
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
  method,        // GET
  path,          // as sent, with the path of the base URL
  query,         // as sent
  sorted_query,  // name=value pairs percent-encoded by RFC 3986, sorted bytewise as whole texts
  body_sha256,   // hex; the hash of no bytes if there is no body
  timestamp,
  nonce
};

// A keyed hash over parts of a request, computed each time the request is sent.
struct SignatureSpec {
  struct Part {
    SignedPart kind = SignedPart::constant;
    std::string text;  // for a constant; may have ${…}
  };
  enum class Algorithm { hmac_sha256, hmac_sha512 };
  enum class Encoding { hex, base64 };
  enum class TimestampForm { seconds, milliseconds, iso };

  std::string secret;  // the key: "${credentials.secret}"
  std::vector<Part> parts;
  std::string join;
  Algorithm algorithm = Algorithm::hmac_sha256;
  Encoding encoding = Encoding::hex;
  std::string header;  // the header that carries the signature
  std::string prefix;  // text before the signature
  std::string timestamp_header;
  TimestampForm timestamp_form = TimestampForm::seconds;
  std::string nonce_header;
};

// One way to authenticate. A connector may have several; the credentials of the source decide which
// one is used.
struct AuthOption {
  AuthSpec auth;
  std::optional<SignatureSpec> signature;
};

}  // namespace affsync::engine
