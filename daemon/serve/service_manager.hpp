// Talks to systemd (Type=notify): that the daemon is ready, reloads, stops or is alive, and what it
// does. Without a service manager ($NOTIFY_SOCKET is not set) every call does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace affsync::serve {

class ServiceManager {
 public:
  // `status` is one line for `systemctl status`; line breaks in it become blanks.
  void ready(std::string const& status) const;
  // To be followed by ready() when the reload is done, whether it succeeded or not.
  void reloading() const;
  void stopping(std::string const& status) const;
  void status(std::string const& text) const;
  // Before ready(): the start may take that much longer from now on.
  void extend_start(std::chrono::seconds time, std::string const& status) const;
  void alive() const;

  // How often alive() is to be called (half the unit's WatchdogSec); nullopt: no watchdog.
  std::optional<std::chrono::microseconds> alive_interval() const;
};

}  // namespace affsync::serve
