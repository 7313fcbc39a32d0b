#include "daemon/net/large_answers.hpp"

#include <algorithm>
#include <list>
#include <utility>

namespace affsync::net {

struct LargeAnswers::Room {
  explicit Room(std::size_t bytes) : most(bytes) {}

  std::size_t most;
  std::size_t held = 0;
  std::list<std::size_t> places;  // their sizes, the oldest first
  std::size_t waiting = 0;
  async::Event left;  // a place was given up
  std::chrono::steady_clock::time_point left_at{};
};

class LargeAnswers::Place {
 public:
  explicit Place(std::shared_ptr<Room> room)
      : room_(std::move(room)), place_(room_->places.insert(room_->places.end(), 0)) {}
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;
  ~Place() {
    room_->held -= *place_;
    room_->places.erase(place_);
    room_->left_at = std::chrono::steady_clock::now();
    room_->left.tell();
  }

  std::size_t bytes() const { return *place_; }
  bool fits(std::size_t bytes) const {
    return place_ == room_->places.begin() || room_->held - *place_ + bytes <= room_->most;
  }
  void become(std::size_t bytes) {
    room_->held += bytes - *place_;
    *place_ = bytes;
  }

 private:
  std::shared_ptr<Room> room_;
  std::list<std::size_t>::iterator place_;
};

class LargeAnswers::Waiting {
 public:
  explicit Waiting(Room& room) : room_(room) { ++room_.waiting; }
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;
  ~Waiting() { --room_.waiting; }

 private:
  Room& room_;
};

LargeAnswers::LargeAnswers(std::size_t most) : room_(std::make_shared<Room>(most)) {}

asio::awaitable<void> LargeAnswers::enlarge(PlacePtr& place, std::size_t bytes,
                                            std::chrono::milliseconds patience) {
  if (!place) place = std::make_shared<Place>(room_);
  if (bytes <= place->bytes()) co_return;
  auto const room = room_;
  auto const began = std::chrono::steady_clock::now();
  Waiting const counted(*room);
  while (!place->fits(bytes)) {
    bool const in_time = co_await room->left.told_before(std::max(began, room->left_at) + patience);
    if (!in_time) break;
  }
  place->become(bytes);
}

std::size_t LargeAnswers::waiting() const {
  return room_->waiting;
}

LargeAnswers& large_answers() {
  thread_local LargeAnswers answers;
  return answers;
}

}  // namespace affsync::net
