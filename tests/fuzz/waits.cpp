// How long a broker asks to wait. An input has one line each for the unit of the reset header (0 to
// 3), Retry-After, the reset header, the header with the remaining requests, and the text that
// precedes the seconds in a body. The rest is the body.
//
// For any input: a wait is not negative and within its cap, and the rate stays finite and positive.
#include <cmath>

#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/answer/http_date.hpp"
#include "connectors/engine/answer/rate_headers.hpp"
#include "connectors/engine/answer/requested_wait.hpp"
#include "connectors/engine/pace/limiter.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;
using std::chrono::hours;

// Upper bound of a parsed wait before it is capped: small enough to be added to a time.
constexpr auto longest = hours(366 * 24);

void require_wait(std::optional<std::chrono::milliseconds> const& wait, Duration most) {
  if (!wait) return;
  require(wait->count() >= 0, "a wait is not negative");
  require(*wait <= most, "a wait is within its cap");
}

void require_turn(Duration wait, RateSpec const& spec) {
  require(wait >= Duration(0), "a reserved turn is not in the past");
  require(wait <= spec.wait_cap + hours(1), "a reserved turn comes within the cap and an hour");
}

TimePoint require_rate(Limiter& limiter, RateSpec const& spec, TimePoint now) {
  require(std::isfinite(limiter.rate()) && limiter.rate() > 0, "a rate is finite and positive");
  auto const wait = limiter.reserve(now);
  require_turn(wait, spec);
  return now + wait;
}

// Each byte is an answer: what is left, when it is whole again, and when it came.
void follow_quota(std::string_view bytes, RateSpec const& spec, TimePoint now) {
  Limiter limiter(spec);
  for (char const byte : bytes.substr(0, 300)) {
    auto const code = static_cast<unsigned char>(byte);
    auto const sent_at = now - std::chrono::milliseconds(code % 64);
    for (int i = 0; i < code % 5; ++i) require_rate(limiter, spec, now);
    Headers headers;
    headers.add("X-RateLimit-Remaining", std::to_string(code % 17));
    headers.add("X-RateLimit-Reset", std::to_string(code % 4));
    if (code == 255) {
      limiter.on_throttled(now, sent_at, std::nullopt, 0.5);
    } else {
      limiter.on_success(now, sent_at, headers);
    }
    auto const turn = require_rate(limiter, spec, now);
    now += std::chrono::milliseconds(code);
    if (code == 254) now -= hours(2);
    if (code % 7 == 1) limiter.give_back(turn);
    if (code % 7 == 2) require_turn(limiter.reserve_again(now, turn), spec);
  }
}

}  // namespace

void waits(std::string_view input) {
  RateSpec spec;
  spec.reset_unit = static_cast<ResetUnit>(to_choice(take_line(input), 3));
  spec.reset_header = "X-Reset";
  spec.remaining_header = "X-Remaining";
  HttpResponse response;
  auto const retry_after = take_line(input);
  auto const reset = take_line(input);
  response.headers.add("Retry-After", std::string(retry_after));
  response.headers.add("X-Reset", std::string(reset));
  response.headers.add("X-Remaining", std::string(take_line(input)));
  spec.wait_text = take_line(input);
  response.body = input;
  auto now = TimePoint(*parse_day("2026-11-21")) + hours(9);

  require_wait(parse_retry_after(retry_after, now), longest);
  require_wait(parse_reset(reset, spec.reset_unit, now), longest);
  response.headers.add("RateLimit", std::string(retry_after));
  response.headers.add("RateLimit-Policy", std::string(reset));
  response.headers.add("RateLimit-Reset", std::string(reset));
  response.headers.add("X-RateLimit-Reset", std::string(retry_after));
  require_wait(parse_wait(reset), longest);
  require_wait(wait_in_headers(response.headers, now), longest);
  require_wait(wait_in_rate_limit(response.headers, now), longest);
  auto const body = parse_json(response.body);
  auto const wait = requested_wait(response, body ? *body : Json(), spec, now);
  require_wait(wait, longest);

  Limiter limiter(spec);
  for (int i = 0; i < 4; ++i) {
    require_rate(limiter, spec, now);
    limiter.on_success(now, now - std::chrono::milliseconds(200), response.headers);
    require_rate(limiter, spec, now);
    now += std::chrono::milliseconds(700);
    limiter.on_throttled(now, now - std::chrono::milliseconds(300),
                         wait ? std::optional<Duration>(*wait) : std::nullopt, 0.5);
    now += std::chrono::seconds(20);
  }
  require_rate(limiter, spec, now);

  follow_quota(response.body, RateSpec(), now);
  RateSpec named;
  named.remaining_header = "X-RateLimit-Remaining";
  named.reset_header = "X-RateLimit-Reset";
  follow_quota(response.body, named, now);
}

}  // namespace affsync::fuzz
