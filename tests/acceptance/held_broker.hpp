// A broker that holds its answers until several requests are pending, so that a test sees whether
// requests overlap without measuring time, and that forms the answers in the reverse order.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/peer/scripted_peer.hpp"

namespace affsync::test {

class HeldBroker {
  template <class Work>
  void change(Work work) {
    std::lock_guard const lock(mutex_);
    work();
    changed_.notify_all();
  }
  template <class Work>
  auto look(Work work) const {
    std::lock_guard const lock(mutex_);
    return work();
  }

 public:
  // Forms the answer to a request, given whole. One at a time.
  using Form = std::function<std::string(std::string const& request)>;

  // Requests for which `is_free` holds are answered at once.
  HeldBroker(Form form, std::function<bool(std::string const& target)> is_free)
      : form_(std::move(form)),
        is_free_(std::move(is_free)),
        peer_(std::make_unique<ScriptedPeer>([this](PeerConnection& one) { serve(one); })) {}
  ~HeldBroker() {
    change([this] { closing_ = true; });
    peer_.reset();
  }

  std::string url() const { return peer_->url(); }

  // Holds requests until `width` are pending, or the last ones of `requests`. A hold that lasts for
  // `longest` ends with all that are pending.
  void hold(int width, int requests, std::chrono::milliseconds longest = std::chrono::seconds(30)) {
    change([&] {
      width_ = width;
      expected_ = requests;
      longest_ = longest;
      timed_out_ = false;
      if (width == 0) release();
    });
  }
  void answer_all() { hold(0, 0); }

  // Waits until that many requests are held.
  bool wait_for_held(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60),
                             [&] { return waiting_.size() >= count; });
  }

  bool timed_out() const {
    return look([this] { return timed_out_; });
  }
  int most_pending() const {
    return look([this] { return most_; });
  }
  std::vector<std::string> targets() const {
    return look([this] { return targets_; });
  }
  void forget_targets() {
    change([this] { targets_.clear(); });
  }

 private:
  struct Held {
    std::string request, answer;
    bool is_ready = false;
  };

  void release() {
    std::reverse(waiting_.begin(), waiting_.end());
    for (auto* held : waiting_) {
      held->answer = form_(held->request);
      held->is_ready = true;
    }
    expected_ -= static_cast<int>(waiting_.size());
    waiting_.clear();
    changed_.notify_all();
  }

  std::string answer_to(std::string const& request) {
    auto const begin = request.find(' ') + 1;
    auto const target = request.substr(begin, request.find(' ', begin) - begin);
    std::unique_lock lock(mutex_);
    targets_.push_back(target);
    most_ = std::max(most_, ++pending_);
    Held held;
    held.request = request;
    if (width_ == 0 || is_free_(target)) {
      held.answer = form_(request);
    } else {
      waiting_.push_back(&held);
      changed_.notify_all();
      if (static_cast<int>(waiting_.size()) >= std::min(width_, expected_)) release();
      bool const in_time =
          changed_.wait_for(lock, longest_, [&] { return held.is_ready || closing_; });
      if (!in_time) {
        timed_out_ = true;
        release();
      }
      std::erase(waiting_, &held);
    }
    --pending_;
    return held.answer;
  }

  void serve(PeerConnection& connection) {
    for (;;) {
      auto const request = connection.read_request();
      if (request.empty() || !connection.send(answer_to(request))) return;
    }
  }

  Form form_;
  std::function<bool(std::string const&)> is_free_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Held*> waiting_;
  std::vector<std::string> targets_;
  int width_ = 0, expected_ = 0;
  std::chrono::milliseconds longest_{};
  int pending_ = 0, most_ = 0;
  bool timed_out_ = false, closing_ = false;
  std::unique_ptr<ScriptedPeer> peer_;  // last member: it ends before the data of its threads
};

}  // namespace affsync::test
