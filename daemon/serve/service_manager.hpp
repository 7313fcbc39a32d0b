// Notifies systemd (Type=notify) when the daemon is ready, reloads, stops or is alive. Without a
// service manager ($NOTIFY_SOCKET is not set) every call does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace affsync::serve {

class ServiceManager {
 public:
  // `status` is one line for `systemctl status`; line breaks in it become spaces.
  void ready(std::string const& status) const;
  // Call ready() when the reload is done, whether it succeeded or not.
  void reloading() const;
  void stopping(std::string const& status) const;
  void status(std::string const& text) const;
  // Before ready(): allows the start to take `time` longer from now on.
  void extend_start(std::chrono::seconds time, std::string const& status) const;
  void alive() const;

  // Returns how often to call alive() (half the unit's WatchdogSec); nullopt if there is no
  // watchdog.
  std::optional<std::chrono::microseconds> alive_interval() const;
};

}  // namespace affsync::serve
