// A broker's clock beside ours, as the Date of its answers shows it: what is dated by which, and
// when ours is so wrong that nothing can be read. Without I/O.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/http_message.hpp"
#include "base/log.hpp"
#include "daemon/sync/observer.hpp"

namespace affsync::sync {

// The Date of an answer; nullopt where it has none that can be read.
std::optional<TimePoint> date_of(Headers const& headers);

class BrokerClock {
 public:
  BrokerClock(std::string source, Observer& observer, Logger log);

  // An answer that came at `now` to what was sent at `sent_at`. Warns when the clocks have come to
  // differ by more than some minutes.
  void notice(Headers const& headers, TimePoint sent_at, TimePoint now);

  // Our clock less the broker's, by its last answer with a Date: exact to some seconds. nullopt
  // where it told none.
  std::optional<Duration> skew() const { return skew_; }

  // `now`, which is by our clock, by the broker's where ours is off by more than some minutes.
  TimePoint trusted(TimePoint now) const;

  // Both the broker and the database say that our clock is wrong by more than a day.
  // `database_skew`: our clock less the database's, where it is known.
  std::optional<Error> hopeless(TimePoint now, std::optional<Duration> database_skew) const;

 private:
  std::string source_;
  Observer* observer_;
  Logger log_;
  std::optional<Duration> skew_;
  bool told_ = false;
};

}  // namespace affsync::sync
