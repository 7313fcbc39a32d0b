// Log in, and the tokens it gives: JWTs in form, with noise for a signature.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/sandbox/http.hpp"

namespace affsync::sandbox::exness {

struct LoginOptions {
  std::string login = "partner@example.com";
  std::string password = "sandbox-password";
  std::chrono::seconds token_lifetime{21'600};
};

enum class TokenState { good, missing, expired, unknown };

class Tokens {
 public:
  Tokens(LoginOptions options, std::uint64_t seed) : options_(std::move(options)), seed_(seed) {}

  // Empty when login or password are wrong.
  std::string log_in(std::string_view login, std::string_view password);
  // Of the Authorization header of a request: `JWT <token>`.
  TokenState check(std::string_view authorization) const;
  void expire(std::string_view authorization);
  void expire_all();

 private:
  using Clock = std::chrono::steady_clock;
  static std::string_view token_of(std::string_view authorization);
  std::string make_token();

  LoginOptions options_;
  std::uint64_t seed_;
  std::uint64_t issued_ = 0;
  std::unordered_map<std::string, Clock::time_point> expires_;
};

}  // namespace affsync::sandbox::exness
