// The wall clock of programs under test. A test can set it while they run.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace affsync::test {

class WallClock {
 public:
  WallClock();
  ~WallClock();
  WallClock(WallClock const&) = delete;
  WallClock& operator=(WallClock const&) = delete;

  // Adds the variables that a program must be started with.
  void add_to_environment(std::map<std::string, std::string>& environment) const;
  // Sets how far the programs' clock is ahead of the machine's from now on.
  void set_ahead(std::chrono::seconds ahead) { *ahead_ = ahead.count(); }

 private:
  TempDir dir_;
  std::atomic<std::int64_t>* ahead_ = nullptr;
};

}  // namespace affsync::test
