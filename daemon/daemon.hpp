// The daemon at work: schedules the streams of the configuration, serves its pages, reloads at
// SIGHUP and tells the service manager how it is doing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "daemon/app.hpp"

namespace affsync {

class Daemon {
 public:
  // `app` outlives the daemon; its database is migrated.
  explicit Daemon(App& app);
  ~Daemon();
  Daemon(Daemon const&) = delete;
  Daemon& operator=(Daemon const&) = delete;

  // Until it is cancelled; then runs end with the page they are at. On the I/O thread of the app.
  boost::asio::awaitable<void> run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync
