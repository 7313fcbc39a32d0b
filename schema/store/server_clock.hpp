// The clock of the database. What is stored for all is dated by it, so that a daemon whose own
// clock is wrong makes nothing look late or fresh, neither to itself nor to others.
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.hpp"

namespace affsync::schema {

// Used on any thread. Until the server was asked, its clock counts as ours.
class ServerClock {
 public:
  // `theirs`: what the server's clock said between `asked`, a moment of elapsed(), and now.
  void note(TimePoint theirs, Duration asked);

  // How far the server's clock is ahead of ours. Zero if it is less than what waiting for an answer
  // can make of two clocks that agree, or more than a clock is off by mistake.
  Duration ahead() const;

  TimePoint to_server(TimePoint ours) const { return ours + ahead(); }
  TimePoint to_ours(TimePoint theirs) const { return theirs - ahead(); }
  void to_server(std::optional<TimePoint>& time) const;
  void to_ours(std::optional<TimePoint>& time) const;
  // The same for a time that may be one of the broker's clock already, and then stays.
  TimePoint unless_corrected(TimePoint time) const;

  // Time since the machine started, which no setting of its clock changes and which goes on while
  // it sleeps.
  static Duration elapsed();

 private:
  std::atomic<bool> known_{false};
  std::atomic<Duration::rep> server_at_start_{0};  // the server's time when elapsed() was 0
};

}  // namespace affsync::schema
