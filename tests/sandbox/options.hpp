// The command line of affsync-sandbox.
#pragma once

#include <string>
#include <vector>

#include "tests/sandbox/exness/exness.hpp"
#include "tests/sandbox/throttle.hpp"

namespace affsync::sandbox {

struct Options {
  unsigned short port = 0;  // 0: any free one
  std::string listen = "127.0.0.1";
  bool outlive_parent = false;
  std::string broker = "exness";
  exness::ExnessOptions exness;
  RateOptions rate;
  std::vector<std::string> faults;
};

// False when the program is to end at once with `exit_status` (help, version, a wrong option).
bool parse_options(int argc, char** argv, Options& options, int& exit_status);

}  // namespace affsync::sandbox
