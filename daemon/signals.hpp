// SIGINT and SIGTERM: the first starts an orderly shutdown, which must end within five seconds; the
// second ends the process immediately. SIGHUP: the daemon reads its configuration again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace affsync {

// How long after the signal statements of the database may go on, so that what follows them has
// time.
inline constexpr std::chrono::milliseconds longest_last_page{2500};

// Returns the signal that started the shutdown; 0 if none has.
int last_stop_signal();
// For waits outside of an io_context: records the signal that ended them.
void note_stop_signal(int number);

// Handles them as long as it lives. Destroy it after run_until(): a signal that has arrived and is
// not handled yet would be lost, or handled by what is gone.
class StopSignals {
 public:
  // Calls `on_stop` once, on the io_context's thread.
  StopSignals(boost::asio::io_context& io, std::function<void()> on_stop);
  ~StopSignals();
  bool stopping() const { return stopping_; }

 private:
  void wait();

  boost::asio::signal_set signals_;
  std::function<void()> on_stop_;
  bool stopping_ = false;
};

// Keeps each SIGHUP from the process's first moments on, so that none ends a daemon that begins,
// until it is asked for. One that comes after this object's end is ignored.
class HangUps {
 public:
  explicit HangUps(boost::asio::io_context& io);
  ~HangUps();
  HangUps(HangUps const&) = delete;
  HangUps& operator=(HangUps const&) = delete;
  // Waits for the next one, at most for `pause` if it is set; then returns false.
  boost::asio::awaitable<bool> next(std::optional<std::chrono::seconds> pause);
  // Ends the wait, as if the pause was over; does nothing if nobody waits.
  void wake();

 private:
  std::shared_ptr<boost::asio::signal_set> signals_;
};

// From now on SIGHUP does not end the process.
void ignore_hangups();

// Runs `io` until `ended` returns true, and then what is ready to run. Does not wait for idle
// connections and signals, as io.run() would.
void run_until(boost::asio::io_context& io, std::function<bool()> const& ended);

}  // namespace affsync
