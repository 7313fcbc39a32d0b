#include "daemon/sync/broker_clock.hpp"

#include <chrono>
#include <utility>

#include "connectors/engine/answer/http_date.hpp"
#include "connectors/engine/answer/requested_wait.hpp"

namespace affsync::sync {
namespace {

// If our clock and the broker's differ by more than this, a warning is logged and nothing is dated
// by our clock.
constexpr Duration tolerated_skew = std::chrono::minutes(5);
// Above this difference, a little more than a day, windows and intervals are meaningless.
constexpr Duration hopeless_skew = std::chrono::minutes(24 * 60 + 10);

bool is_far(Duration skew, Duration limit) {
  return skew > limit || skew < -limit;
}

}  // namespace

std::optional<TimePoint> date_of(Headers const& headers) {
  auto const date = headers.find("Date");
  return date ? engine::parse_http_date(*date) : std::nullopt;
}

Duration ClockWitnesses::offset_at(TimePoint now) {
  return now.time_since_epoch() -
         std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

void ClockWitnesses::note(std::string const& address, Duration skew, TimePoint now) {
  words_[address] = Word{skew, offset_at(now)};
}

bool ClockWitnesses::are_for_us(std::string const& address, Duration skew, TimePoint now) const {
  auto const offset = offset_at(now);
  bool any = false;
  for (auto const& [who, word] : words_) {
    if (who == address || is_far(word.offset - offset, tolerated_skew)) continue;
    if (!is_far(word.skew - skew, tolerated_skew)) return false;
    any = any || !is_far(word.skew, tolerated_skew);
  }
  return any;
}

BrokerClock::BrokerClock(std::string source, std::string address,
                         std::shared_ptr<ClockWitnesses> witnesses, Observer& observer, Logger log)
    : source_(std::move(source)),
      address_(std::move(address)),
      witnesses_(std::move(witnesses)),
      observer_(&observer),
      log_(std::move(log)) {}

void BrokerClock::notice(Headers const& headers, TimePoint sent_at, TimePoint now) {
  auto const theirs = date_of(headers);
  if (!theirs) return;
  // A cache on the way reports the answer's age. The broker made the answer at some moment between
  // sending and receiving: take the middle.
  auto const age = headers.find("Age");
  auto const old = age ? engine::parse_wait(*age).value_or(std::chrono::milliseconds(0))
                       : std::chrono::milliseconds(0);
  skew_ = sent_at + (now - sent_at) / 2 - *theirs - old;
  observer_->on_clock_skew(source_, *skew_);
  if (witnesses_) witnesses_->note(address_, *skew_, now);
  bool const far = is_far(*skew_, tolerated_skew);
  if (far && !told_) {
    log_.warn("the clock of this machine and the broker's differ; check it against a time server",
              {{"ours", format_time(now)}, {"broker", format_time(*theirs)}});
  }
  told_ = far;
}

TimePoint BrokerClock::trusted(TimePoint now) const {
  if (!skew_ || !is_far(*skew_, tolerated_skew)) return now;
  bool const is_ours_right = witnesses_ && witnesses_->are_for_us(address_, *skew_, now);
  return is_ours_right ? now : now - *skew_;
}

std::optional<Error> BrokerClock::hopeless(TimePoint now,
                                           std::optional<Duration> database_skew) const {
  bool const wrong = skew_ && is_far(*skew_, hopeless_skew) && database_skew &&
                     is_far(*database_skew, hopeless_skew / 2) &&
                     (*skew_ > Duration()) == (*database_skew > Duration());
  if (!wrong) return std::nullopt;
  return Error(
      ErrorCode::clock_skew,
      "the clock of this machine says " +
          format_time(std::chrono::floor<std::chrono::seconds>(now)) +
          ", the broker's and the database's say " +
          format_time(std::chrono::floor<std::chrono::seconds>(now - *skew_)),
      "Set the clock of this machine (timedatectl) and synchronize it with a time server.");
}

}  // namespace affsync::sync
