// Simulated time: a clock and a sleeper that advance only when every coroutine waits. Hours of
// waiting take no time, and nothing depends on the machine's speed.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/clock.hpp"
#include "daemon/async/sleeper.hpp"

namespace affsync::test {

namespace asio = boost::asio;

class ManualTime final : public Clock, public async::Sleeper {
 public:
  explicit ManualTime(TimePoint start = TimePoint(std::chrono::hours(24 * 365 * 50)))
      : now_(start) {}

  TimePoint now() const override { return now_; }
  void set_back(Duration by) { now_ -= by; }

  asio::awaitable<void> sleep(Duration time) override {
    async::Alarm nobody_rings;
    co_await sleep_until_woken(time, nobody_rings);
  }

  asio::awaitable<bool> sleep_until_woken(Duration time, async::Alarm& alarm) override {
    if (time <= Duration::zero()) co_return false;
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
    async::Alarm::Set const set(alarm, timer);
    auto const entry = sleepers_.emplace(now_ + time, &timer);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    for (auto it = sleepers_.begin(); it != sleepers_.end(); ++it) {
      if (it != entry) continue;
      // Still listed: drive() did not wake it.
      sleepers_.erase(it);
      if (set.has_rung()) co_return true;
      throw boost::system::system_error(asio::error::operation_aborted);
    }
    co_return set.has_rung();
  }

  // Runs `work` to its end. Time advances whenever nothing else can run.
  template <class T>
  T run(asio::io_context& io, asio::awaitable<T> work) {
    std::optional<T> result;
    std::exception_ptr failure;
    bool ended = false;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr thrown, T value) {
      failure = thrown;
      if (!thrown) result.emplace(std::move(value));
      ended = true;
    });
    drive(io, [&] { return ended; });
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }

  template <class Done>
  void drive(asio::io_context& io, Done done) {
    while (!done()) {
      io.restart();
      if (io.poll() > 0) continue;
      if (done()) break;
      if (sleepers_.empty())
        throw std::logic_error("deadlock: no coroutine can run and none sleeps");
      auto const first = sleepers_.begin();
      now_ = std::max(now_, first->first);
      auto* timer = first->second;
      sleepers_.erase(first);
      timer->cancel();
    }
  }

 private:
  TimePoint now_;
  std::multimap<TimePoint, asio::steady_timer*> sleepers_;
};

}  // namespace affsync::test
