#include "daemon/serve/access.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/encodings.hpp"
#include "base/text.hpp"

namespace affsync::serve {

namespace {

constexpr std::chrono::hours session_time{30 * 24};

std::string keyed_hash(std::string const& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<unsigned char const*>(text.data()), text.size(), bytes.data(), &size);
  return hex_of(std::string_view(reinterpret_cast<char const*>(bytes.data()), size));
}

bool is_same(std::string const& left, std::string const& right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

// The value of a cookie in the header of a request; empty if it has none.
std::string cookie_in(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    auto const end = std::min(header.find(';'), header.size());
    auto const pair = trim_blanks(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    auto const equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return std::string(pair.substr(equals + 1));
    }
  }
  return {};
}

std::int64_t seconds_of(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// The token in the header of the request; empty if there is none.
std::string token_in(HttpRequest const& request) {
  constexpr std::string_view scheme = "bearer ";
  auto const header = request.headers.find("authorization");
  if (!header || !starts_without_case(*header, scheme)) return {};
  return std::string(trim_blanks(header->substr(scheme.size())));
}

// The cookie of the sign-in, "expiry.signature"; empty if there is none, or if it has expired.
std::string session_in(HttpRequest const& request, std::string const& name, TimePoint now) {
  auto value = cookie_in(request.headers.find("cookie").value_or(""), name);
  auto const dot = value.find('.');
  if (dot == std::string::npos) return {};
  std::int64_t until = 0;
  auto const [end, error] = std::from_chars(value.data(), value.data() + dot, until);
  bool const holds = error == std::errc() && end == value.data() + dot && until > seconds_of(now);
  return holds ? value : std::string();
}

}  // namespace

std::string Access::signature(std::string const& expiry) const {
  return keyed_hash(rules_.token.reveal(), "affsync session until " + expiry);
}

bool Access::is_token(std::string const& text) const {
  // Hashes have equal lengths, so nothing can be learned from the time of the comparison.
  return is_guarded() && is_same(keyed_hash(rules_.token.reveal(), text),
                                 keyed_hash(rules_.token.reveal(), rules_.token.reveal()));
}

Access::Who Access::who(HttpRequest const& request, TimePoint now) const {
  if (!is_guarded()) return Who::anyone;
  if (is_token(token_in(request))) return Who::bearer;
  auto const value = session_in(request, rules_.cookie, now);
  auto const dot = value.find('.');
  bool const good =
      dot != std::string::npos && is_same(value.substr(dot + 1), signature(value.substr(0, dot)));
  return good ? Who::signed_in : Who::stranger;
}

std::string Access::given(HttpRequest const& request, TimePoint now) const {
  auto const token = token_in(request), session = session_in(request, rules_.cookie, now);
  return token.empty() || session.empty() ? token + session : token + " " + session;
}

std::uint64_t Access::hash_of(std::string const& text) const {
  auto const hash = keyed_hash(rules_.token.reveal(), "affsync refused " + text);
  std::uint64_t number = 0;
  std::from_chars(hash.data(), hash.data() + 16, number, 16);
  return std::max(number, std::uint64_t{1});
}

bool Access::is_open(std::string const& path) const {
  return path == "/healthz" || path == "/readyz" || path.starts_with("/assets/") ||
         (path == "/metrics" && rules_.metrics_open);
}

std::string Access::attributes() const {
  return std::string("; Path=/; HttpOnly; SameSite=Strict") + (rules_.over_tls ? "; Secure" : "");
}

std::string Access::cookie_of(TimePoint now) const {
  auto const expiry = std::to_string(seconds_of(now + session_time));
  auto const age = std::chrono::seconds(session_time).count();
  return rules_.cookie + "=" + expiry + "." + signature(expiry) +
         "; Max-Age=" + std::to_string(age) + attributes();
}

std::string Access::no_cookie() const {
  return rules_.cookie + "=; Max-Age=0" + attributes();
}

std::string safe_path(std::string const& wanted) {
  bool const is_plain =
      std::all_of(wanted.begin(), wanted.end(), [](char c) { return c > ' ' && c <= '~'; });
  bool const is_own = wanted.starts_with('/') && !wanted.starts_with("//") &&
                      wanted.find('\\') == std::string::npos;
  return is_plain && is_own ? wanted : "/";
}

}  // namespace affsync::serve
