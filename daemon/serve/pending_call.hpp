// A call to the database that several requests wait for, each with its own patience. The call
// itself goes on when nobody waits any longer: the store's own time limit ends it. So a database
// that hangs costs one call, not one for every probe that asks.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "daemon/net/durations.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

// T must be default-constructible. All on one thread.
template <class T>
class PendingCall : public std::enable_shared_from_this<PendingCall<T>> {
 public:
  static std::shared_ptr<PendingCall> start(asio::any_io_executor executor,
                                            asio::awaitable<T> work) {
    auto call = std::make_shared<PendingCall>(executor);
    auto done = [call](std::exception_ptr error, T value) {
      call->error_ = error;
      if (!error) call->value_.emplace(std::move(value));
      call->ended_.cancel();
    };
    asio::co_spawn(executor, std::move(work), std::move(done));
    return call;
  }

  explicit PendingCall(asio::any_io_executor executor)
      : ended_(executor, asio::steady_timer::time_point::max()) {}

  bool done() const { return value_ || error_; }

  // The value, or what the call throws, or Failure(timeout) after `limit`.
  asio::awaitable<T> wait(std::chrono::milliseconds limit, char const* what) {
    auto const self = this->shared_from_this();
    if (!done()) {
      // A timer that the end of the call cancels, and the waiting's own end.
      asio::steady_timer patience(ended_.get_executor(), limit);
      auto const waiter = std::make_shared<asio::steady_timer*>(&patience);
      ended_.async_wait([waiter](boost::system::error_code) {
        if (*waiter != nullptr) (*waiter)->cancel();
      });
      struct Leave {
        std::shared_ptr<asio::steady_timer*> waiter;
        ~Leave() { *waiter = nullptr; }
      };
      Leave const leave{waiter};
      boost::system::error_code woken;
      co_await patience.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      auto const cancellation = co_await asio::this_coro::cancellation_state;
      if (cancellation.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
      }
    }
    if (!done()) {
      throw Failure(ErrorCode::timeout, std::string(what) + " took longer than " +
                                            net::to_text(limit));
    }
    if (error_) std::rethrow_exception(error_);
    co_return *value_;
  }

 private:
  asio::steady_timer ended_;
  std::exception_ptr error_;
  std::optional<T> value_;
};

}  // namespace affsync::serve
