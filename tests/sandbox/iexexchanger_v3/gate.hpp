// Access checks: key, signature, rate limit and quotas.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "tests/sandbox/iexexchanger_v3/envelope.hpp"
#include "tests/sandbox/iexexchanger_v3/iexexchanger_v3.hpp"

namespace affsync::sandbox::iexexchanger_v3 {

// The text to sign for a request without a body; `path` includes /api/v3, `query` is as received.
std::string signed_text(std::string_view method, std::string_view path, std::string_view query,
                        std::string_view body, std::string_view timestamp, std::string_view nonce);
// Returns hex digits.
std::string hmac_sha256(std::string_view secret, std::string_view text);

class Gate {
 public:
  Gate(IexV3Options const& options, Envelope const& envelope, SandboxClock const& clock)
      : options_(options), envelope_(envelope), clock_(clock) {}

  // The refusal; nullopt if the request is allowed, which then counts. `key_dead`: a fault made the
  // key invalid.
  std::optional<Reply> refused(Request const& request, bool key_dead);
  // Adds the current limits and quotas.
  void add_headers(Reply& reply);
  std::string usage();  // JSON
  void expire_key() { key_works_ = false; }

 private:
  struct Count {
    std::int64_t period = -1;  // index of the current minute, day or month
    std::uint64_t used = 0;
  };
  struct Limit {
    std::uint64_t limit, remaining;
    TimePoint resets;
  };
  std::optional<Reply> unsigned_request(Request const& request);
  std::optional<Reply> over_limit();
  // Resets counters whose minute, day or month has passed.
  void renew();
  Limit minute();
  Limit day();
  Limit month();

  IexV3Options const& options_;
  Envelope const& envelope_;
  SandboxClock const& clock_;
  bool key_works_ = true;
  Count minute_, day_, month_;
  std::unordered_map<std::string, TimePoint> nonces_;
};

}  // namespace affsync::sandbox::iexexchanger_v3
