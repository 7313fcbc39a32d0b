// Waiting behind an interface, so that tests can let hours pass immediately.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"

namespace affsync::async {

namespace asio = boost::asio;

// Wakes the one who sleeps by it, if any does. Use it from one thread.
class Alarm {
 public:
  void ring();

  // For a sleeper: `timer` is cancelled when the alarm rings, as long as this lives.
  class Set {
   public:
    Set(Alarm& alarm, asio::steady_timer& timer);
    Set(Set const&) = delete;
    Set& operator=(Set const&) = delete;
    ~Set() { alarm_.timer_ = nullptr; }
    bool has_rung() const { return alarm_.has_rung_; }

   private:
    Alarm& alarm_;
  };

 private:
  asio::steady_timer* timer_ = nullptr;
  bool has_rung_ = false;
};

class Sleeper {
 public:
  virtual ~Sleeper() = default;
  // Returns after `time`, immediately if it is zero or less. Cancellation throws operation_aborted.
  virtual asio::awaitable<void> sleep(Duration time) = 0;
  // The same, but returns when the alarm rings, if that is earlier. Returns whether it has rung.
  // Where time passes immediately, it never rings.
  virtual asio::awaitable<bool> sleep_until_woken(Duration time, Alarm& alarm);
};

class TimerSleeper final : public Sleeper {
 public:
  asio::awaitable<void> sleep(Duration time) override;
  asio::awaitable<bool> sleep_until_woken(Duration time, Alarm& alarm) override;
};

}  // namespace affsync::async
