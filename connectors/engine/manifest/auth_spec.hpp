// What a connector file says of logging in and signing, parsed: requests of a login, the ways to be
// known to a broker, signatures.
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
  std::string path;  // with ${…}; empty: unknown until the user gives one
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

// Nothing but the signature that stands beside it, and headers such as that of a key's name.
struct HmacAuth {
  NamedTexts headers;
};

struct LoginTokenAuth {
  RequestSpec login;
  // The login itself is sent with these as HTTP Basic, each form-urlencoded first (RFC
  // 6749, 2.3.1).
  std::optional<BasicAuth> login_basic;
  JsonPath token;            // in the body of the login's answer, unless one of these says
  std::string token_header;  // the header that has it
  std::string token_cookie;  // the cookie that it is
  std::string strip_prefix;  // taken off the token, any case: "JWT "
  std::string header = "Authorization";
  std::string value;                            // "JWT ${token}"
  std::optional<JsonPath> expires_in;           // in the login's answer: seconds
  bool lifetime_from_jwt = false;               // read `exp` of the token
  std::chrono::seconds assumed_lifetime{3600};  // where there is no `exp`
  std::chrono::seconds renew_before{300};
};

using AuthSpec = std::variant<NoAuth, StaticTokenAuth, BasicAuth, HmacAuth, LoginTokenAuth>;

enum class SignedPart {
  constant,
  method,        // GET
  path,          // as sent, with the base URL's
  query,         // as sent
  sorted_query,  // name=value pairs percent-encoded by RFC 3986, sorted bytewise as whole texts
  body_sha256,   // hex, of no bytes where there is no body
  timestamp,
  nonce
};

// A keyed hash over parts of a request, made anew for each time that it is sent.
struct SignatureSpec {
  struct Part {
    SignedPart kind = SignedPart::constant;
    std::string text;  // of a constant; may hold ${…}
  };
  enum class Algorithm { hmac_sha256, hmac_sha512 };
  enum class Encoding { hex, base64 };
  enum class TimestampForm { seconds, milliseconds, iso };

  std::string secret;  // the key: "${credentials.secret}"
  std::vector<Part> parts;
  std::string join;
  Algorithm algorithm = Algorithm::hmac_sha256;
  Encoding encoding = Encoding::hex;
  std::string header;  // where the signature goes
  std::string prefix;  // before it
  std::string timestamp_header;
  TimestampForm timestamp_form = TimestampForm::seconds;
  std::string nonce_header;
};

// One way to be let in; a connector may have several, and the credentials of a source tell which.
struct AuthOption {
  AuthSpec auth;
  std::optional<SignatureSpec> signature;
};

}  // namespace affsync::engine
