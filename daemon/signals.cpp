#include "daemon/signals.hpp"

#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

namespace affsync {

namespace asio = boost::asio;

namespace {

// A shutdown may hang in operations that cannot be cancelled (getaddrinfo, a database that does not
// answer). SIGALRM then ends the process; the next run reads again what was not committed.
constexpr unsigned seconds_to_end = 4;

int asked_by = 0;

extern "C" void end_at_once(int) {
  static constexpr char text[] = "affsync: the shutdown takes too long; stopping immediately\n";
  [[maybe_unused]] auto const written = ::write(STDERR_FILENO, text, sizeof text - 1);
  ::_exit(1);
}

}  // namespace

int last_stop_signal() {
  return asked_by;
}

void note_stop_signal(int number) {
  asked_by = number;
}

StopSignals::StopSignals(boost::asio::io_context& io, std::function<void()> on_stop)
    : signals_(io, SIGINT, SIGTERM), on_stop_(std::move(on_stop)) {
  wait();
}

// Does not cancel the alarm: it also limits the time of the destructors that follow.
StopSignals::~StopSignals() = default;

void StopSignals::wait() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;  // the set was cancelled or destroyed
    if (stopping_) ::_exit(1);
    stopping_ = true;
    asked_by = signal;
    std::signal(SIGALRM, end_at_once);
    ::alarm(seconds_to_end);
    wait();
    on_stop_();
  });
}

HangUps::HangUps(asio::io_context& io) : signals_(std::make_shared<asio::signal_set>(io, SIGHUP)) {}

HangUps::~HangUps() {
  signals_.reset();
  ignore_hangups();
}

asio::awaitable<bool> HangUps::next(std::optional<std::chrono::seconds> pause) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  if (pause) {
    timer.expires_after(*pause);
    auto on_end = [signals = signals_](boost::system::error_code const& error) {
      if (!error) signals->cancel();
    };
    timer.async_wait(std::move(on_end));
  }
  boost::system::error_code woken;
  co_await signals_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  auto const state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return !woken;
}

void HangUps::wake() {
  signals_->cancel();
}

void ignore_hangups() {
  std::signal(SIGHUP, SIG_IGN);
}

void run_until(boost::asio::io_context& io, std::function<bool()> const& ended) {
  io.restart();
  while (!ended() && io.run_one() > 0) {
  }
  io.restart();  // it may have run out of work
  io.poll();
}

}  // namespace affsync
