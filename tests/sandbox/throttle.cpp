// Token bucket and refusals.
#include "tests/sandbox/throttle.hpp"

#include <algorithm>
#include <cmath>

namespace affsync::sandbox {

TokenBucket::TokenBucket(RateOptions const& options, Instant now)
    : options_(options), tokens_(options.burst), filled_at_(now) {}

std::chrono::duration<double> TokenBucket::take(Instant now) {
  if (options_.rate <= 0) return {};
  std::chrono::duration<double> const passed = now - filled_at_;
  filled_at_ = now;
  tokens_ = std::min(std::max(1.0, options_.burst), tokens_ + passed.count() * options_.rate);
  if (tokens_ >= 1) {
    tokens_ -= 1;
    return {};
  }
  return std::chrono::duration<double>((1 - tokens_) / options_.rate);
}

void TokenBucket::add_headers(Reply& reply, Instant now) const {
  if (options_.rate <= 0 || options_.headers == "off") return;
  for (auto const& [name, value] : reply.headers)
    if (name == "X-RateLimit-Limit") return;  // the broker sends its own headers
  std::chrono::duration<double> const passed = now - filled_at_;
  double const tokens = std::min(options_.burst, tokens_ + passed.count() * options_.rate);
  double const until_full = (options_.burst - tokens) / options_.rate;
  reply.headers.emplace_back("X-RateLimit-Limit", std::to_string(std::lround(options_.burst)));
  reply.headers.emplace_back("X-RateLimit-Remaining",
                             std::to_string(static_cast<long>(std::floor(tokens))));
  long reset = std::lround(std::ceil(until_full));
  if (options_.headers == "milliseconds") reset = std::lround(std::ceil(until_full * 1000));
  if (options_.headers == "epoch")
    reset += std::chrono::duration_cast<std::chrono::seconds>(
                 std::chrono::system_clock::now().time_since_epoch())
                 .count();
  reply.headers.emplace_back("X-RateLimit-Reset", std::to_string(reset));
}

Reply throttled_reply(std::string const& form, std::chrono::duration<double> wait) {
  long const seconds = std::max(1L, std::lround(std::ceil(wait.count())));
  std::string message = "Request was throttled.";
  if (form == "drf" || form == "text" || form == "body200")
    message += " Expected available in " + std::to_string(seconds) +
               (seconds == 1 ? " second." : " seconds.");
  Reply reply(form == "503"       ? 503
              : form == "body200" ? 200
                                  : 429,
              R"({"code":"Throttled","message":")" + message + "\"}");
  auto const retry_after = [&](std::string value) {
    reply.headers.emplace_back("Retry-After", std::move(value));
  };
  if (form == "drf" || form == "seconds" || form == "503") retry_after(std::to_string(seconds));
  if (form == "date")
    retry_after(http_date(std::chrono::system_clock::now() + std::chrono::seconds(seconds)));
  if (form == "zero") retry_after("0");
  if (form == "huge") retry_after("1000000");
  return reply;
}

}  // namespace affsync::sandbox
