// The affsync processes of the torture: started, hurt, and looked at when they end, because an end
// that nobody asked for is a finding.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace affsync::torture {

using Clock = std::chrono::steady_clock;

struct Child {
  std::string name;
  bool daemon = false;
  int signalled = 0;  // the last signal that was to end it; 0: none
  bool paused = false;
  Clock::time_point started;
  std::unique_ptr<test::Process> process;
};

class Children {
 public:
  // `problem` is told of every end that should not have been; `database_hurt_since` says whether
  // the database was away since then, which may end a process that is starting.
  Children(std::function<void(std::string)> problem,
           std::function<bool(Clock::time_point)> database_hurt_since)
      : problem_(std::move(problem)), database_hurt_since_(std::move(database_hurt_since)) {}

  void start(std::string name, bool daemon, test::ProcessOptions options);
  std::vector<Child>& all() { return all_; }

  // SIGKILL, SIGTERM, SIGHUP, SIGSTOP, SIGCONT.
  void signal(Child& child, int number);
  // Takes those out that have ended. `wait` for those that were told to.
  void collect();
  // SIGTERM to all, and waits.
  void stop_all();
  // Orderly ends that took longer than the program gives itself.
  int alarms() const { return alarms_; }

 private:
  void judge(Child const& child, int status);

  std::function<void(std::string)> problem_;
  std::function<bool(Clock::time_point)> database_hurt_since_;
  int alarms_ = 0;
  std::vector<Child> all_;
};

}  // namespace affsync::torture
