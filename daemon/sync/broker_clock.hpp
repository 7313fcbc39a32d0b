// Compares this machine's clock with the broker's, which the Date header of its answers shows.
// Decides which clock dates rows, and when ours is too wrong to read anything. Performs no I/O.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/http_message.hpp"
#include "base/log.hpp"
#include "daemon/sync/observer.hpp"

namespace affsync::sync {

// Returns the Date header of an answer; nullopt if it is missing or invalid.
std::optional<TimePoint> date_of(Headers const& headers);

// What the brokers of all sources say of this machine's clock. If others agree with it, the one
// broker that does not is wrong itself. Use it from one thread.
class ClockWitnesses {
 public:
  // `address`: sources of one address are one witness. `skew`: our clock minus theirs at `now`.
  void note(std::string const& address, Duration skew, TimePoint now);

  // Whether others speak for our clock, and none for that of `address`, which differs by `skew`.
  bool are_for_us(std::string const& address, Duration skew, TimePoint now) const;

 private:
  struct Word {
    Duration skew{};
    // Of our clock from one that never jumps: what was said before a jump is void.
    Duration offset{};
  };
  static Duration offset_at(TimePoint now);

  std::map<std::string, Word> words_;
};

class BrokerClock {
 public:
  // `witnesses` may be null.
  BrokerClock(std::string source, std::string address, std::shared_ptr<ClockWitnesses> witnesses,
              Observer& observer, Logger log);

  // Records an answer that arrived at `now` to a request sent at `sent_at`. Warns once when the
  // clocks begin to differ by more than a few minutes.
  void notice(Headers const& headers, TimePoint sent_at, TimePoint now);

  // Our clock minus the broker's, from its last answer with a Date; accurate to a few seconds.
  // nullopt if no answer had one.
  std::optional<Duration> skew() const { return skew_; }

  // Returns `now` (our clock), converted to the broker's clock if ours is off by more than a few
  // minutes, unless other brokers agree with ours.
  TimePoint trusted(TimePoint now) const;

  // Returns an error if both the broker and the database show that our clock is wrong by more than
  // a day. `database_skew`: our clock minus the database's, if known.
  std::optional<Error> hopeless(TimePoint now, std::optional<Duration> database_skew) const;

 private:
  std::string source_, address_;
  std::shared_ptr<ClockWitnesses> witnesses_;
  Observer* observer_;
  Logger log_;
  std::optional<Duration> skew_;
  bool told_ = false;
};

}  // namespace affsync::sync
