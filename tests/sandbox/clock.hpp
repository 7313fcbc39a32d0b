// The fake broker's clock: the machine's clock until a test sets it. All times that a broker sends
// (Date, created_at, "3 weeks ago", the expiry of a token) follow it.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::sandbox {

class SandboxClock final : public Clock {
 public:
  TimePoint now() const override;
  // Sets the time. The clock then runs on, or stands still if `frozen`.
  void set(TimePoint time, bool frozen);
  void advance(Duration time);

 private:
  Duration offset_{0};  // added to the machine's clock
  std::optional<TimePoint> frozen_;
};

// Parses ISO 8601: YYYY-MM-DD, or YYYY-MM-DDTHH:MM[:SS[.fraction]] with Z, an offset, or nothing
// (UTC). A space may replace the T. Returns nullopt for anything else.
std::optional<TimePoint> parse_instant(std::string_view text);

}  // namespace affsync::sandbox
