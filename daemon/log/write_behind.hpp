// Writes on a thread of its own what is logged, so that nobody who logs waits for whoever reads the
// log: a pipe that nobody empties, or a journald that stands still.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

namespace affsync::log {

class WriteBehind {
 public:
  // Calls `tell_lost`, on the thread, with how many writes were lost, as soon as others are made
  // again. `most_bytes`: what may wait.
  explicit WriteBehind(std::function<void(std::size_t lost)> tell_lost,
                       std::size_t most_bytes = std::size_t{1} << 20U);
  // Waits for at most `patience` until all is written. A thread that still waits for a reader then
  // is left alone, until the process ends: nothing that a write needs may end before.
  ~WriteBehind();
  WriteBehind(WriteBehind const&) = delete;
  WriteBehind& operator=(WriteBehind const&) = delete;

  static constexpr std::chrono::milliseconds patience{1000};

  // Has `write` called, after all that were added before. It is lost if too much waits already.
  // `bytes`: what it keeps in memory, about. May be called from any thread.
  void add(std::size_t bytes, std::function<void()> write);

 private:
  struct State;
  static void work(State& state);

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace affsync::log
