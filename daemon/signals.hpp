// SIGINT and SIGTERM: the first asks for an orderly end, which has to come within five seconds; the
// second ends the process at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>

namespace affsync {

// The signal that has asked for an orderly end; 0: none has.
int last_stop_signal();

class StopSignals {
 public:
  // `on_stop` is called once, on the io_context's thread.
  StopSignals(boost::asio::io_context& io, std::function<void()> on_stop);
  ~StopSignals();
  bool stopping() const { return stopping_; }

 private:
  void wait();

  boost::asio::signal_set signals_;
  std::function<void()> on_stop_;
  bool stopping_ = false;
};

}  // namespace affsync
