#include "daemon/sync/turn_queue.hpp"

#include <utility>

namespace affsync::sync {
namespace {

// Gives the turn of a request back that is not sent, because it was cancelled.
class Reservation {
 public:
  Reservation(engine::Limiter& limiter, Clock const& clock)
      : limiter_(limiter), clock_(clock), turn_(clock.now()) {
    turn_ += limiter.reserve(turn_);
  }
  Reservation(Reservation const&) = delete;
  Reservation& operator=(Reservation const&) = delete;
  ~Reservation() {
    if (!is_used_) limiter_.give_back(turn_);
  }
  Duration wait() const { return turn_ - clock_.now(); }
  void renew() {
    auto const now = clock_.now();
    turn_ = now + limiter_.reserve_again(now, turn_);
  }
  void use() { is_used_ = true; }

 private:
  engine::Limiter& limiter_;
  Clock const& clock_;
  TimePoint turn_;
  bool is_used_ = false;
};

}  // namespace

TurnQueue::TurnQueue(engine::RateSpec const& rate, std::vector<engine::RateLimit> limits,
                     Clock& clock, async::Sleeper& sleeper)
    : clock_(clock),
      sleeper_(sleeper),
      limiter_(rate),
      quotas_(std::move(limits)),
      places_(rate.usable_concurrency()) {}

asio::awaitable<bool> TurnQueue::take_turn(std::string const& stream, int cost) {
  if (!is_allowed(stream, cost)) co_return false;
  Reservation turn(limiter_, clock_);
  for (;;) {
    bool const woken = co_await sleeper_.sleep_until_woken(turn.wait(), answered_);
    // If the broker throttled another request meanwhile, the turn is no longer valid.
    if (!woken && !is_blocked()) break;
    turn.renew();
  }
  auto const now = clock_.now();
  if (quotas_.wait_for(now, stream, cost) > Duration::zero()) co_return false;
  quotas_.reserve(now, stream, cost);
  turn.use();
  limiter_.on_sent(now);
  co_return true;
}

asio::awaitable<Duration> TurnQueue::wait_for_limits(std::string stream, int cost,
                                                     Duration longest) {
  for (;;) {
    auto const limited = quotas_.wait_for(clock_.now(), stream, cost);
    if (limited == Duration::zero() || limited > longest) co_return limited;
    co_await sleeper_.sleep(limited);
  }
}

asio::awaitable<std::optional<async::Gate::Pass>> TurnQueue::try_next(
    std::shared_ptr<bool const> is_asked, std::string stream, int cost) {
  auto place = co_await places_.enter(is_asked);
  // Others may have used the limit up. Who waits for it again must hold no place meanwhile.
  if (!is_allowed(stream, cost)) co_return std::nullopt;
  auto const first = co_await first_.enter(std::move(is_asked));
  bool const is_counted = co_await take_turn(stream, cost);
  if (!is_counted) co_return std::nullopt;
  co_return std::optional(std::move(place));
}

asio::awaitable<TurnQueue::Turn> TurnQueue::next(std::shared_ptr<bool const> is_asked,
                                                 std::string stream, int cost, Duration longest) {
  Turn turn;
  for (;;) {
    // Before the queue: other streams may have other limits, and must not wait for this one's.
    turn.wait = co_await wait_for_limits(stream, cost, longest);
    if (turn.wait > Duration::zero()) co_return std::move(turn);
    auto place = co_await try_next(is_asked, stream, cost);
    if (!place) continue;
    turn.place = std::move(*place);
    co_return std::move(turn);
  }
}

void TurnQueue::on_throttled(TimePoint now, TimePoint sent_at, std::optional<Duration> wait,
                             double random) {
  limiter_.on_throttled(now, sent_at, wait, random);
}

void TurnQueue::on_success(TimePoint now, TimePoint sent_at, Headers const& headers,
                           Duration late) {
  limiter_.on_success(now, sent_at, headers, late);
  answered_.ring();
}

}  // namespace affsync::sync
