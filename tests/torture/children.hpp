// The affsync processes of the torture test: starts them, signals them, and checks how they end. An
// end that the test did not cause is a problem.
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
  int signalled = 0;  // the last signal sent to end it; 0: none
  bool paused = false;
  Clock::time_point started;
  std::unique_ptr<test::Process> process;
};

class Children {
 public:
  // `problem` is called for every end that should not have happened. `database_outage_since` tells
  // whether the database was unavailable since then, which may end a starting process.
  Children(std::function<void(std::string)> problem,
           std::function<bool(Clock::time_point)> database_outage_since)
      : problem_(std::move(problem)), database_outage_since_(std::move(database_outage_since)) {}

  void start(std::string name, bool daemon, test::ProcessOptions options);
  std::vector<Child>& all() { return all_; }

  // SIGKILL, SIGTERM, SIGHUP, SIGSTOP, SIGCONT.
  void signal(Child& child, int number);
  // Removes the processes that have ended. Waits for those that were sent a signal to end.
  void collect();
  // Sends SIGTERM to all and waits.
  void stop_all();
  // The number of orderly ends that exceeded the program's own time limit.
  int alarms() const { return alarms_; }

 private:
  void judge(Child const& child, int status);

  std::function<void(std::string)> problem_;
  std::function<bool(Clock::time_point)> database_outage_since_;
  int alarms_ = 0;
  std::vector<Child> all_;
};

}  // namespace affsync::torture
