#include "schema/store/server_clock.hpp"

#include <ctime>

namespace affsync::schema {
namespace {

// Above this round trip the answer says too little about the clock.
constexpr Duration longest_question = std::chrono::seconds(1);
constexpr Duration tolerated = std::chrono::seconds(5);
// A clock may be off by a time zone. Days are no clock that is off: who is right cannot be told,
// and intervals mean nothing; runs fail with clock_skew if the broker says so too.
constexpr Duration longest_error = std::chrono::hours(15);
// The broker's clock is used in place of ours from a difference of some minutes on.
constexpr Duration by_our_clock = std::chrono::minutes(1);

}  // namespace

void ServerClock::note(TimePoint theirs, Duration asked) {
  auto const now = elapsed();
  if (now - asked > longest_question) return;
  server_at_start_ = (theirs.time_since_epoch() - now).count();
  known_ = true;
}

Duration ServerClock::ahead() const {
  if (!known_) return {};
  Duration const ahead = TimePoint(Duration(server_at_start_) + elapsed()) - SystemClock().now();
  auto const size = std::chrono::abs(ahead);
  return size > tolerated && size < longest_error ? ahead : Duration();
}

void ServerClock::to_server(std::optional<TimePoint>& time) const {
  if (time) *time += ahead();
}

void ServerClock::to_ours(std::optional<TimePoint>& time) const {
  if (time) *time -= ahead();
}

TimePoint ServerClock::unless_corrected(TimePoint time) const {
  return std::chrono::abs(time - SystemClock().now()) > by_our_clock ? time : to_server(time);
}

Duration ServerClock::elapsed() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(time.tv_sec) +
                                              std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace affsync::schema
