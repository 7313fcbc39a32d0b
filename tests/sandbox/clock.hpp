// The time as the fake broker has it: that of the machine until a test sets it. Everything that a
// broker tells about time (Date, created_at, "3 weeks ago", the end of a token) follows it.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::sandbox {

class SandboxClock final : public Clock {
 public:
  TimePoint now() const override;
  // Runs on from there, or stands still.
  void set(TimePoint time, bool frozen);
  void advance(Duration time);

 private:
  Duration offset_{0};  // to the machine's clock
  std::optional<TimePoint> frozen_;
};

// ISO 8601: YYYY-MM-DD, or YYYY-MM-DDTHH:MM[:SS[.fraction]] with Z, an offset, or nothing (UTC); a
// blank may stand for the T. nullopt when it is something else.
std::optional<TimePoint> parse_instant(std::string_view text);

}  // namespace affsync::sandbox
