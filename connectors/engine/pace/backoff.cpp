#include "connectors/engine/pace/backoff.hpp"

#include <algorithm>

namespace affsync::engine {

Duration backoff_wait(BackoffSpec const& spec, int retry, double random) {
  Duration wait = spec.first;
  for (int i = 1; i < retry && wait < spec.cap; ++i) wait *= 2;
  wait = std::min(wait, spec.cap);
  return std::max(wait / 10,
                  Duration(static_cast<Duration::rep>(static_cast<double>(wait.count()) * random)));
}

}  // namespace affsync::engine
