// A counting semaphore for coroutines of one thread: at most `capacity` holders. Waiting coroutines
// are served in the order of their arrival, those that something waits for before the others.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <list>
#include <memory>
#include <utility>

namespace affsync::async {

namespace asio = boost::asio;

class Gate {
 public:
  explicit Gate(int capacity) : free_(capacity) {}
  Gate(Gate const&) = delete;
  Gate& operator=(Gate const&) = delete;

  // One holder's slot, released by the destructor. The gate must outlive it.
  class Pass {
   public:
    Pass() = default;
    explicit Pass(Gate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate* gate_ = nullptr;
  };

  // Waits for a free slot. `is_urgent` may change while this waits; without it the wait is urgent.
  // Cancellation throws operation_aborted.
  asio::awaitable<Pass> enter(std::shared_ptr<bool const> is_urgent = nullptr);

 private:
  struct Waiter;
  void leave();

  int free_;
  std::list<Waiter*> waiters_;
};

}  // namespace affsync::async
