// Login and tokens: in the format of JWTs, with noise as the signature.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/sandbox/clock.hpp"

namespace affsync::sandbox {

struct LoginOptions {
  std::string login = "partner@example.com";
  std::string password = "sandbox-password";
  std::chrono::seconds token_lifetime{21'600};
};

enum class TokenState { good, missing, expired, unknown };

class Tokens {
 public:
  // `scheme`: the text before the token in the Authorization header, including its space. `claims`:
  // further members of the payload, as JSON without braces.
  Tokens(LoginOptions options, std::string scheme, std::string claims, std::uint64_t seed,
         SandboxClock const& clock)
      : options_(std::move(options)),
        scheme_(std::move(scheme)),
        claims_(std::move(claims)),
        seed_(seed),
        clock_(clock) {}

  // Returns a token; empty if login or password are wrong.
  std::string log_in(std::string_view login, std::string_view password);
  // Checks the Authorization header of a request: `<scheme><token>`.
  TokenState check(std::string_view authorization) const;
  void expire(std::string_view authorization);
  void expire_all();

 private:
  std::string_view token_of(std::string_view authorization) const;
  std::string make_token();

  LoginOptions options_;
  std::string scheme_, claims_;
  std::uint64_t seed_;
  SandboxClock const& clock_;
  std::uint64_t issued_ = 0;
  std::unordered_map<std::string, TimePoint> expires_;
};

std::string base64url(std::string_view bytes);

}  // namespace affsync::sandbox
