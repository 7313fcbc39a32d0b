// Notices that the database has not answered for a while, which no call tells that waits for it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "daemon/async/sleeper.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

class DatabaseSilence {
 public:
  // Is told once that the database has not answered for `lasted`, with the last problem, and once
  // that it answers again after `lasted`, without one.
  using Told = std::function<void(Duration lasted, std::optional<Error> const& problem)>;
  // `told` may be null.
  explicit DatabaseSilence(Told told) : told_(std::move(told)) {}

  // Takes the result of one question; no problem: it was answered.
  void on_answer(std::optional<Error> const& problem, TimePoint now);

 private:
  Told told_;
  std::optional<TimePoint> since_;  // of the first question that was not answered
  bool is_told_ = false;
};

// Writes both to the log.
DatabaseSilence::Told log_silence(Logger log);

// Asks the database every 15 seconds whether it answers, until cancelled, and logs its silence: for
// a command without a page that asks anyway. `store`, `clock` and `sleeper` are not owned.
boost::asio::awaitable<void> watch_for_silence(boost::asio::any_io_executor executor,
                                               schema::Store& store, Clock const& clock,
                                               async::Sleeper& sleeper, Logger log);

}  // namespace affsync::serve
