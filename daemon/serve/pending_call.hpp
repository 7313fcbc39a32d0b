// A call to the database that several requests wait for, each with its own timeout. The call goes
// on when no request waits any longer; the store's own timeout ends it. So a database that hangs
// costs one call, not one for every request.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "daemon/async/durations.hpp"
#include "daemon/async/event.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

// T must be default-constructible. Use it from one thread only.
template <class T>
class PendingCall {
 public:
  static std::shared_ptr<PendingCall> start(asio::any_io_executor executor,
                                            asio::awaitable<T> work) {
    auto call = std::make_shared<PendingCall>();
    begin(call, std::move(executor), std::move(work), [] {});
    return call;
  }
  // The same for a call that was made before, and waited for its turn. `ended` is called at the end
  // of the work.
  template <class Ended>
  static void begin(std::shared_ptr<PendingCall> call, asio::any_io_executor executor,
                    asio::awaitable<T> work, Ended ended) {
    auto done = [call = std::move(call), told = std::move(ended)](std::exception_ptr error,
                                                                  T value) {
      call->error_ = error;
      if (!error) call->value_.emplace(std::move(value));
      call->on_end_.tell();
      told();
    };
    asio::co_spawn(executor, std::move(work), std::move(done));
  }

  bool done() const { return value_ || error_; }

  // Returns or throws what the call returned or threw. Requires done().
  T const& result() const {
    if (error_) std::rethrow_exception(error_);
    return *value_;
  }

  // Returns once the call has ended, whatever its result, or after `limit`. The caller must hold
  // the call.
  asio::awaitable<void> ended(std::chrono::milliseconds limit) {
    if (done()) co_return;
    co_await on_end_.told_before(std::chrono::steady_clock::now() + limit);
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
      throw boost::system::system_error(asio::error::operation_aborted);
    }
  }

  // Returns or throws what `call` returns or throws. Throws Failure(timeout) after `limit`.
  static asio::awaitable<T> wait(std::shared_ptr<PendingCall> call, std::chrono::milliseconds limit,
                                 std::string what) {
    co_await call->ended(limit);
    if (!call->done()) {
      throw Failure(ErrorCode::timeout, what + " took longer than " + async::to_text(limit));
    }
    co_return call->result();
  }

 private:
  async::Event on_end_;
  std::exception_ptr error_;
  std::optional<T> value_;
};

}  // namespace affsync::serve
