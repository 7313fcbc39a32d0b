#include "daemon/serve/service_manager.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

namespace affsync::serve {

namespace {

std::string status_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return "STATUS=" + text;
}

std::string monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000);
}

// Ignores the result: a manager that does not listen must not stop the daemon.
void notify(std::string const& state) {
  (void)::sd_notify(0, state.c_str());
}

}  // namespace

void ServiceManager::ready(std::string const& status) const {
  notify("READY=1\n" + status_line(status));
}

void ServiceManager::reloading() const {
  notify("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void ServiceManager::stopping(std::string const& status) const {
  notify("STOPPING=1\n" + status_line(status));
}

void ServiceManager::status(std::string const& text) const {
  notify(status_line(text));
}

void ServiceManager::extend_start(std::chrono::seconds time, std::string const& status) const {
  auto const microseconds = std::chrono::microseconds(time).count();
  notify("EXTEND_TIMEOUT_USEC=" + std::to_string(microseconds) + "\n" + status_line(status));
}

void ServiceManager::alive() const {
  notify("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> ServiceManager::alive_interval() const {
  std::uint64_t limit = 0;
  if (::sd_watchdog_enabled(0, &limit) <= 0) return std::nullopt;
  return std::chrono::microseconds(limit / 2);
}

}  // namespace affsync::serve
