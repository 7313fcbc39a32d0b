// The health of all streams, as it was read last. Requests that come while it is being read share
// the query. Lives on the I/O thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "daemon/serve/pending_call.hpp"
#include "daemon/serve/readiness.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

using Health = std::vector<schema::StreamHealth>;

class HealthReading {
 public:
  // `store` and `clock` are not owned.
  HealthReading(asio::any_io_executor executor, schema::Store& store, Clock const& clock,
                IntervalOf interval)
      : executor_(std::move(executor)),
        store_(store),
        clock_(clock),
        interval_(std::move(interval)) {}

  // Asks the database. Throws Failure.
  asio::awaitable<Health> read();

  Health const& known() const { return known_; }
  std::optional<TimePoint> known_at() const { return known_at_; }
  // Whether what is known does for another page: where the query takes long, they share it for a
  // while.
  bool does_for_a_while() const;

 private:
  struct Read;
  static asio::awaitable<Read> run(schema::Store& store, Clock const& clock);

  asio::any_io_executor executor_;
  schema::Store& store_;
  Clock const& clock_;
  IntervalOf interval_;
  std::shared_ptr<PendingCall<Read>> call_;
  Health known_;
  std::optional<TimePoint> known_at_;
  std::chrono::steady_clock::time_point end_{};
  std::chrono::steady_clock::duration took_{};  // the query itself, however long a caller waited
};

}  // namespace affsync::serve
