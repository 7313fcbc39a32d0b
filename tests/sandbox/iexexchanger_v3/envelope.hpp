// The envelope around every answer of API v3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/http.hpp"

namespace affsync::sandbox::iexexchanger_v3 {

// "2026-03-31T09:00:00+00:00", to the second.
std::string offset_time(TimePoint time);

class Envelope {
 public:
  Envelope(std::uint64_t seed, SandboxClock const& clock) : seed_(seed), clock_(clock) {}

  // `result` and `pagination` are JSON. An empty `pagination` is left out.
  Reply success(std::string_view result, std::string_view pagination = {}) const;
  // `details` is JSON.
  Reply error(int status, std::string_view code, std::string_view message,
              std::string_view details = "{}") const;

 private:
  std::string meta(std::string_view pagination) const;

  std::uint64_t seed_;
  SandboxClock const& clock_;
  mutable std::uint64_t answers_ = 0;
};

}  // namespace affsync::sandbox::iexexchanger_v3
