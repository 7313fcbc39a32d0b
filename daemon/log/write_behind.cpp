#include "daemon/log/write_behind.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace affsync::log {

struct WriteBehind::State {
  struct Waiting {
    std::size_t lost_before = 0;
    std::size_t bytes = 0;
    std::function<void()> write;
    Waiting() = default;
  };

  std::function<void(std::size_t)> tell_lost;
  std::size_t most_bytes = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Waiting> waiting;
  std::size_t bytes = 0;  // that wait, and of the write that is being made
  std::size_t lost = 0;   // since the last one that waits
  bool ending = false;
  bool ended = false;
};

WriteBehind::WriteBehind(std::function<void(std::size_t)> tell_lost, std::size_t most_bytes)
    : state_(std::make_shared<State>()) {
  state_->tell_lost = std::move(tell_lost);
  state_->most_bytes = most_bytes;
  thread_ = std::thread([state = state_] { work(*state); });
}

WriteBehind::~WriteBehind() {
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->ending = true;
    state_->changed.notify_all();
    ended = state_->changed.wait_for(lock, patience, [&] { return state_->ended; });
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void WriteBehind::add(std::size_t bytes, std::function<void()> write) {
  std::lock_guard const lock(state_->mutex);
  // One that is larger than all that may wait is written if nothing else waits.
  if (state_->bytes > 0 && state_->bytes + bytes > state_->most_bytes) {
    ++state_->lost;
    return;
  }
  auto& one = state_->waiting.emplace_back();
  one.lost_before = std::exchange(state_->lost, 0);
  one.bytes = bytes;
  one.write = std::move(write);
  state_->bytes += bytes;
  state_->changed.notify_all();
}

void WriteBehind::work(State& state) {
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.changed.wait(lock, [&] { return state.ending || !state.waiting.empty(); });
    if (state.waiting.empty()) break;
    auto const one = std::move(state.waiting.front());
    state.waiting.pop_front();
    lock.unlock();
    if (one.lost_before > 0) state.tell_lost(one.lost_before);
    one.write();
    lock.lock();
    state.bytes -= one.bytes;
    if (!state.waiting.empty()) continue;
    if (auto const lost = std::exchange(state.lost, 0); lost > 0) {
      lock.unlock();
      state.tell_lost(lost);
      lock.lock();
    }
  }
  state.ended = true;
  state.changed.notify_all();
}

}  // namespace affsync::log
