// Bounds the memory of large answers (beyond ClientLimits::small_bytes): one takes about eight
// times its size while it is parsed, mapped and stored. Those of all clients of a thread share a
// room, and an answer that has no place in it is not read on until others are stored. Use it from
// that thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "daemon/async/event.hpp"

namespace affsync::net {

namespace asio = boost::asio;

class LargeAnswers {
 public:
  // `most`: bytes of all answers together that have a place.
  explicit LargeAnswers(std::size_t most = std::size_t{24} << 20U);
  LargeAnswers(LargeAnswers const&) = delete;
  LargeAnswers& operator=(LargeAnswers const&) = delete;

  // The place of one answer, given up when the last pointer to it goes. It may outlive this.
  class Place;
  using PlacePtr = std::shared_ptr<Place>;

  // Makes the place at least so large, or makes one if `place` is null. Waits as long as it does
  // not fit in beside the others; the oldest one always fits, so that one goes on. Returns after
  // `patience` in which no other went, whether it fits or not: an answer may be kept until another
  // one is stored that waits here. Cancellation throws operation_aborted.
  asio::awaitable<void> enlarge(PlacePtr& place, std::size_t bytes,
                                std::chrono::milliseconds patience = std::chrono::seconds(30));

  // How many wait.
  std::size_t waiting() const;

 private:
  struct Room;
  class Waiting;
  std::shared_ptr<Room> room_;
};

// Those of this thread.
LargeAnswers& large_answers();

}  // namespace affsync::net
