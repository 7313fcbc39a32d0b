// Who may read the pages: with a token, everyone who gives it in the header `Authorization: Bearer`
// or has signed in by the form, which keeps a signed cookie. Without one, everyone. Performs no
// I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "base/secret.hpp"

namespace affsync::serve {

struct AccessRules {
  Secret token;                            // empty: everyone may read
  bool metrics_open = false;               // /metrics without the token
  bool over_tls = false;                   // the cookie is then sent over TLS only
  std::string cookie = "affsync_session";  // its name; cookies of one host share all its ports
};

class Access {
 public:
  enum class Who {
    anyone,     // no token is needed
    bearer,     // gave the token
    signed_in,  // by the form
    stranger,
  };

  explicit Access(AccessRules rules) : rules_(std::move(rules)) {}

  bool is_guarded() const { return !rules_.token.empty(); }
  Who who(HttpRequest const& request, TimePoint now) const;
  // What the request gives for the token: its header, and the cookie if it has not expired. Empty
  // if it gives nothing that would have to be looked at.
  std::string given(HttpRequest const& request, TimePoint now) const;
  // Tells wrong tokens from each other; says nothing about the right one. Never 0.
  std::uint64_t hash_of(std::string const& text) const;
  // Whether a stranger may read this path: health, the files of the sign-in page, maybe metrics.
  bool is_open(std::string const& path) const;

  // Whether the text is the token. Takes the same time whatever it is.
  bool is_token(std::string const& text) const;
  // The value of the header Set-Cookie after a sign-in and after a sign-out.
  std::string cookie_of(TimePoint now) const;
  std::string no_cookie() const;

 private:
  std::string signature(std::string const& expiry) const;
  std::string attributes() const;

  AccessRules rules_;
};

// The path to go to after the sign-in, if it is one of this server; else "/".
std::string safe_path(std::string const& wanted);

}  // namespace affsync::serve
