// The running daemon: schedules the streams of the configuration, serves HTTP, reloads at SIGHUP
// and reports its state to the service manager.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "daemon/app.hpp"
#include "daemon/signals.hpp"

namespace affsync {

class Daemon {
 public:
  // Both must outlive the daemon, and the app's database must be migrated.
  Daemon(App& app, HangUps& hangups);
  ~Daemon();
  Daemon(Daemon const&) = delete;
  Daemon& operator=(Daemon const&) = delete;

  // Runs until cancelled, on the I/O thread of the app; then each run ends with its current page.
  boost::asio::awaitable<void> run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync
