// Access checks of private calls.
#include "tests/sandbox/iexexchanger_v3/gate.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "tests/sandbox/json_writer.hpp"

namespace affsync::sandbox::iexexchanger_v3 {
namespace {

using Days = std::chrono::days;
using Seconds = std::chrono::seconds;

std::string hex(unsigned char const* bytes, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out += "0123456789abcdef"[bytes[i] >> 4];
    out += "0123456789abcdef"[bytes[i] & 15];
  }
  return out;
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return hex(digest.data(), size);
}

// Percent-encodes as in RFC 3986: everything except letters, digits and -._~
std::string encoded(std::string_view text) {
  std::string out;
  for (char const c : text) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    auto const byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
  }
  return out;
}

std::string canonical_query(std::string_view text) {
  Query const query(text);
  std::vector<std::string> pairs;
  for (auto const& [name, value] : query.fields())
    pairs.push_back(encoded(name) + "=" + encoded(value));
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (auto const& pair : pairs) out.append(out.empty() ? "" : "&").append(pair);
  return out;
}

std::optional<TimePoint> signed_at(std::string_view timestamp) {
  if (auto const number = whole_number(timestamp))
    return TimePoint(Seconds(static_cast<std::int64_t>(*number)));
  return parse_instant(timestamp);
}

TimePoint month_after(TimePoint time) {
  std::chrono::year_month_day const date(std::chrono::floor<Days>(time));
  auto const next = date.year() / date.month() + std::chrono::months(1);
  return TimePoint(std::chrono::sys_days(next / 1));
}

}  // namespace

std::string signed_text(std::string_view method, std::string_view path, std::string_view query,
                        std::string_view body, std::string_view timestamp, std::string_view nonce) {
  std::string out = "v1\n";
  out.append(method).append("\n").append(path).append("\n").append(canonical_query(query));
  out.append("\n").append(sha256(body)).append("\n").append(timestamp).append("\n").append(nonce);
  return out;
}

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data(), &size);
  return hex(digest.data(), size);
}

std::optional<Reply> Gate::refused(Request const& request, bool key_dead) {
  auto const authorization = request.header("authorization");
  if (authorization.empty())
    return envelope_.error(401, "authentication_required", "Authentication is required.");
  if (key_dead || !key_works_ || authorization != "Bearer " + options_.api_key)
    return envelope_.error(401, "invalid_token", "The API token is invalid or expired.");
  if (!options_.hmac_secret.empty())
    if (auto reply = unsigned_request(request)) return reply;
  return over_limit();
}

std::optional<Reply> Gate::unsigned_request(Request const& request) {
  auto const timestamp = request.header("x-api-timestamp");
  auto const nonce = std::string(request.header("x-api-nonce"));
  auto signature = request.header("x-api-signature");
  if (timestamp.empty() || nonce.empty() || signature.empty())
    return envelope_.error(401, "signature_required", "The request must be signed.");
  if (signature.starts_with("sha256=")) signature.remove_prefix(7);
  auto const time = signed_at(timestamp);
  auto const now = clock_.now();
  auto const text = signed_text(request.method, request.path, request.query_text(), request.body,
                                timestamp, nonce);
  bool const in_time = time && std::chrono::abs(now - *time) <= options_.allowed_skew;
  if (!in_time || signature != hmac_sha256(options_.hmac_secret, text))
    return envelope_.error(401, "invalid_signature",
                           in_time ? "The signature does not match."
                                   : "The timestamp of the signature is out of range.");
  std::erase_if(nonces_,
                [&](auto const& one) { return now - one.second > 2 * options_.allowed_skew; });
  if (!nonces_.emplace(nonce, now).second)
    return envelope_.error(401, "signature_replay", "The nonce was used before.");
  return std::nullopt;
}

void Gate::renew() {
  auto const now = clock_.now();
  auto const start = [](Count& count, std::int64_t period) {
    if (count.period != period) count = {period, 0};
  };
  start(minute_, std::chrono::floor<std::chrono::minutes>(now).time_since_epoch().count());
  start(day_, std::chrono::floor<Days>(now).time_since_epoch().count());
  start(month_, month_after(now).time_since_epoch().count());
}

std::optional<Reply> Gate::over_limit() {
  auto const refuse = [&](std::string_view code, std::string_view message, TimePoint resets) {
    auto reply = envelope_.error(429, code, message);
    auto const wait = std::chrono::ceil<Seconds>(resets - clock_.now()).count();
    reply.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, wait)));
    return reply;
  };
  if (minute().remaining == 0)
    return refuse("rate_limit_exceeded", "Too many requests.", minute().resets);
  if (day().remaining == 0)
    return refuse("quota_exceeded", "The daily quota is used up.", day().resets);
  if (month().remaining == 0)
    return refuse("quota_exceeded", "The monthly quota is used up.", month().resets);
  ++minute_.used;
  ++day_.used;
  ++month_.used;
  return std::nullopt;
}

Gate::Limit Gate::minute() {
  renew();
  return {options_.per_minute, options_.per_minute - std::min(minute_.used, options_.per_minute),
          TimePoint(std::chrono::minutes(minute_.period + 1))};
}

Gate::Limit Gate::day() {
  renew();
  return {options_.daily_quota, options_.daily_quota - std::min(day_.used, options_.daily_quota),
          TimePoint(Days(day_.period + 1))};
}

Gate::Limit Gate::month() {
  renew();
  return {options_.monthly_quota,
          options_.monthly_quota - std::min(month_.used, options_.monthly_quota),
          month_after(clock_.now())};
}

void Gate::add_headers(Reply& reply) {
  auto const add = [&](std::string name, std::int64_t value) {
    reply.headers.emplace_back(std::move(name), std::to_string(value));
  };
  auto const signed_number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  auto const now = minute();
  add("X-RateLimit-Limit", signed_number(now.limit));
  add("X-RateLimit-Remaining", signed_number(now.remaining));
  add("X-RateLimit-Reset", std::chrono::floor<Seconds>(now.resets).time_since_epoch().count());
  add("X-Api-Quota-Daily-Limit", signed_number(day().limit));
  add("X-Api-Quota-Daily-Remaining", signed_number(day().remaining));
  add("X-Api-Quota-Monthly-Limit", signed_number(month().limit));
  add("X-Api-Quota-Monthly-Remaining", signed_number(month().remaining));
}

std::string Gate::usage() {
  std::string out;
  ObjectWriter json(out);
  auto const write = [&](std::string_view name, Limit limit) {
    json.name(name);
    ObjectWriter part(out);
    part.number("limit", static_cast<std::int64_t>(limit.limit));
    part.number("remaining", static_cast<std::int64_t>(limit.remaining));
    part.plain("resets_at", offset_time(limit.resets));
    part.close();
  };
  write("rate_limit", minute());
  write("daily", day());
  write("monthly", month());
  json.close();
  return out;
}

}  // namespace affsync::sandbox::iexexchanger_v3
