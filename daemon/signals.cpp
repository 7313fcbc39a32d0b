#include "daemon/signals.hpp"

#include <unistd.h>

#include <csignal>

namespace affsync {
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

void run_until(boost::asio::io_context& io, std::function<bool()> const& ended) {
  io.restart();
  while (!ended() && io.run_one() > 0) {
  }
  io.restart();  // it may have run out of work
  io.poll();
}

}  // namespace affsync
