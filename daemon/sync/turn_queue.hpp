// The order in which the requests of one source are sent, and when: each waits for the limits that
// the connector states, then for one of the places of requests under way, then in a queue of which
// only the first reserves its turn at the limiter. So a limit of one stream holds no other one up,
// and what an answer teaches is of use to the very next request. Use it from the I/O thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/pace/limiter.hpp"
#include "connectors/engine/pace/quotas.hpp"
#include "daemon/async/gate.hpp"
#include "daemon/async/sleeper.hpp"

namespace affsync::sync {

namespace asio = boost::asio;

class TurnQueue {
 public:
  TurnQueue(engine::RateSpec const& rate, std::vector<engine::RateLimit> limits, Clock& clock,
            async::Sleeper& sleeper);

  // A request that may be sent now is under way until `place` is gone.
  struct Turn {
    async::Gate::Pass place;
    Duration wait{};  // zero: send it now; else how long the limits still allow none
    Turn() = default;
  };

  // Waits until one request of this stream may be sent, and counts it. Those that a run waits for
  // (`is_asked`, see async::Gate) come first, then those that came first. If the limits that the
  // connector states allow none for longer than `longest`, returns at once when they do.
  // Cancellation throws operation_aborted, here and below.
  asio::awaitable<Turn> next(std::shared_ptr<bool const> is_asked, std::string stream, int cost,
                             Duration longest);
  // The two parts of it, for who holds something that others wait for: this one waits for the
  // limits alone, and returns zero when they allow the request.
  asio::awaitable<Duration> wait_for_limits(std::string stream, int cost, Duration longest);
  // And this one for all the rest; nullopt if another request was counted in a limit meanwhile, so
  // that it has to be waited for again.
  asio::awaitable<std::optional<async::Gate::Pass>> try_next(std::shared_ptr<bool const> is_asked,
                                                             std::string stream, int cost);

  // How far back these limits look; what earlier processes sent then, in the order of its times.
  Duration longest_limit() const { return quotas_.longest(); }
  void note_past(TimePoint at, std::string_view stream, int cost) {
    quotas_.note_past(at, stream, cost);
  }

  // Until when the broker wants no request, if it said so.
  std::optional<TimePoint> blocked_until() const { return limiter_.blocked_until(); }
  // See engine::Limiter.
  std::optional<LearnedRate> learned() const { return limiter_.learned(); }
  void begin_with(LearnedRate const& learned) { limiter_.begin_with(learned); }
  double lasting_rate() const { return limiter_.lasting_rate(); }
  void on_throttled(TimePoint now, TimePoint sent_at, std::optional<Duration> wait, double random);
  void on_success(TimePoint now, TimePoint sent_at, Headers const& headers, Duration late);

 private:
  bool is_allowed(std::string const& stream, int cost) {
    return quotas_.wait_for(clock_.now(), stream, cost) == Duration::zero();
  }
  bool is_blocked() const { return limiter_.blocked_until().value_or(TimePoint()) > clock_.now(); }
  // Waits for the first turn that the limiter gives. Returns whether the stated limits allow the
  // request by then, and counts it; otherwise its turn is given back.
  asio::awaitable<bool> take_turn(std::string const& stream, int cost);

  Clock& clock_;
  async::Sleeper& sleeper_;
  engine::Limiter limiter_;
  engine::Quotas quotas_;
  async::Gate places_;  // of requests under way, and of those that wait for the limiter
  async::Gate first_{1};
  async::Alarm answered_;  // of the first
};

}  // namespace affsync::sync
