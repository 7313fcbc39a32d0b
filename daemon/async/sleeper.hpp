// Waiting behind an interface, so that tests can let hours pass immediately.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/clock.hpp"

namespace affsync::async {

namespace asio = boost::asio;

class Sleeper {
 public:
  virtual ~Sleeper() = default;
  // Returns after `time`, immediately if it is zero or less. Cancellation throws operation_aborted.
  virtual asio::awaitable<void> sleep(Duration time) = 0;
};

class TimerSleeper final : public Sleeper {
 public:
  asio::awaitable<void> sleep(Duration time) override;
};

}  // namespace affsync::async
