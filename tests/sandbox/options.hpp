// The command line of affsync-sandbox.
#pragma once

#include <string>
#include <vector>

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/exness/exness.hpp"
#include "tests/sandbox/iexexchanger/iexexchanger.hpp"
#include "tests/sandbox/iexexchanger_v3/iexexchanger_v3.hpp"
#include "tests/sandbox/rates/rates.hpp"
#include "tests/sandbox/throttle.hpp"
#include "tests/sandbox/wintrado/wintrado.hpp"

namespace affsync::sandbox {

struct Options {
  unsigned short port = 0;  // 0: any free port
  std::string listen = "127.0.0.1";
  bool outlive_parent = false;
  std::string broker = "exness";
  std::uint64_t seed = 1;
  std::optional<TimePoint> clock;  // the broker's time at the start
  exness::ExnessOptions exness;
  wintrado::WintradoOptions wintrado;
  iexexchanger::IexOptions iexexchanger;
  iexexchanger_v3::IexV3Options iexexchanger_v3;
  rates::RatesOptions rates;
  RateOptions rate;
  std::vector<std::string> faults;
};

// Makes the broker that the options select. `log` and `clock` must outlive it. Throws
// std::runtime_error for an unknown endpoint.
std::unique_ptr<Broker> make_broker(Options const& options, RequestLog& log, SandboxClock& clock);

// Returns false if the program must end now with `exit_status` (help, version, an invalid option).
bool parse_options(int argc, char** argv, Options& options, int& exit_status);

}  // namespace affsync::sandbox
