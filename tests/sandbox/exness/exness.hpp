// The Exness partnership API: routes, login and reports.
#pragma once

#include <functional>
#include <memory>

#include "tests/sandbox/broker.hpp"
#include "tests/sandbox/exness/world.hpp"
#include "tests/sandbox/request_log.hpp"
#include "tests/sandbox/tokens.hpp"

namespace affsync::sandbox::exness {

struct ExnessOptions {
  WorldOptions world;
  LoginOptions login;
  std::string payouts_path;  // empty: no payouts report
  std::size_t default_limit = 100;
  std::size_t max_limit = 1000;
};

// `log` and `clock` must outlive the broker.
std::unique_ptr<Broker> make_exness(ExnessOptions options, RequestLog& log,
                                    SandboxClock const& clock);

}  // namespace affsync::sandbox::exness
