// The time of a proof: a clock that stands still and moves only where something waits. Waits that a
// broker asks for take no time, and every run happens when its fixture was read.
#pragma once

#include "base/clock.hpp"
#include "daemon/async/sleeper.hpp"

namespace affsync::proof {

class ProofTime final : public Clock, public async::Sleeper {
 public:
  TimePoint now() const override { return now_; }
  void set(TimePoint time) { now_ = time; }
  // Lets the time pass at once; others that can run do so first.
  boost::asio::awaitable<void> sleep(Duration time) override;

 private:
  TimePoint now_{};
};

}  // namespace affsync::proof
