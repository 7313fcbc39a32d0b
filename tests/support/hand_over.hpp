// Orders what a test changes between two commands and what its brokers, which run on threads of the
// test program, read while a command runs. The order comes from the processes between them, which a
// race detector does not see.
#pragma once

#include <atomic>

namespace affsync::test {

// Call it where one side has finished and the other may go on: before a process starts and after it
// has ended, after a broker has received a request and before it sends the answer.
inline void hand_over() {
  static std::atomic<unsigned> turns{0};
  turns.fetch_add(1, std::memory_order_acq_rel);
}

}  // namespace affsync::test
