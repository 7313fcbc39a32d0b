// The threads on which pages are parsed and mapped.
#pragma once

#include "base/crash_point.hpp"
#include "daemon/async/workers.hpp"

namespace affsync::sync {

inline async::Workers page_workers() {
  // In a build for tests nearly every page is one for the workers, however small it is.
  constexpr std::size_t least_in_tests = 256;
  return async::Workers(async::Workers::usual_threads(),
                        crash_points_built ? least_in_tests : async::Workers::usual_least_bytes);
}

}  // namespace affsync::sync
