// The rate limit that clients do not know: a token bucket, and the different forms of refusal that
// servers use.
#pragma once

#include <chrono>
#include <string>

#include "tests/sandbox/http.hpp"

namespace affsync::sandbox {

struct RateOptions {
  double rate = 0;  // requests per second; 0: no limit
  double burst = 1;
  std::string form = "own";     // form of the refusal: the broker's own, or one of throttled_reply
  std::string headers = "off";  // X-RateLimit-*: off, seconds, milliseconds, epoch
};

class TokenBucket {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  TokenBucket(RateOptions const& options, Instant now);

  // Takes a token. Returns zero if granted, otherwise the time until a token is available.
  std::chrono::duration<double> take(Instant now);
  // Adds X-RateLimit-Limit, -Remaining and -Reset, if switched on.
  void add_headers(Reply& reply, Instant now) const;

 private:
  RateOptions options_;
  double tokens_;
  Instant filled_at_;
};

// A refusal that asks for `wait` in the given form:
//   drf      429, Retry-After in whole seconds and "Expected available in N seconds."
//   seconds  429, Retry-After only        date  429, Retry-After as an HTTP date
//   none     429 without any hint         zero  429, Retry-After: 0
//   huge     429, Retry-After: 1000000    text  429, only the text names the time
//   503      503, Retry-After             body200  200, code Throttled in the body
Reply throttled_reply(std::string const& form, std::chrono::duration<double> wait);

}  // namespace affsync::sandbox
