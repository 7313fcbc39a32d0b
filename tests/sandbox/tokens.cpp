// Issues and checks tokens.
#include "tests/sandbox/tokens.hpp"

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox {

std::string base64url(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (char const byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += alphabet[bits >> held & 63];
    }
  }
  if (held > 0) out += alphabet[bits << (6 - held) & 63];
  return out;
}

std::string Tokens::make_token() {
  auto const now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch();
  auto const issued = std::to_string(now.count());
  auto const expires = std::to_string((now + options_.token_lifetime).count());
  Noise noise(seed_, 'j', ++issued_);
  std::string signature;
  for (int i = 0; i < 256; ++i) signature += static_cast<char>(noise.below(256));
  return base64url(R"({"alg":"RS256","kid":"sandbox-1","typ":"JWT"})") + "." +
         base64url(R"({"jti":")" + std::to_string(noise.bits()) + R"(","exp":)" + expires +
                   R"(,"iat":)" + issued + "," + claims_ + "}") +
         "." + base64url(signature);
}

std::string Tokens::log_in(std::string_view login, std::string_view password) {
  if (login != options_.login || password != options_.password) return {};
  auto token = make_token();
  expires_[token] = clock_.now() + options_.token_lifetime;
  return token;
}

std::string_view Tokens::token_of(std::string_view authorization) const {
  return authorization.starts_with(scheme_) ? authorization.substr(scheme_.size())
                                            : std::string_view{};
}

TokenState Tokens::check(std::string_view authorization) const {
  auto const token = token_of(authorization);
  if (token.empty()) return TokenState::missing;
  auto const found = expires_.find(std::string(token));
  if (found == expires_.end()) return TokenState::unknown;
  return found->second <= clock_.now() ? TokenState::expired : TokenState::good;
}

void Tokens::expire(std::string_view authorization) {
  auto const found = expires_.find(std::string(token_of(authorization)));
  if (found != expires_.end()) found->second = TimePoint::min();
}

void Tokens::expire_all() {
  for (auto& [token, expires] : expires_) expires = TimePoint::min();
}

}  // namespace affsync::sandbox
