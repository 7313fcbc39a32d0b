#include "daemon/net/connect.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "daemon/async/event.hpp"

namespace affsync::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds head_start{250};

// The attempts that are under way. Their handlers share it and do nothing once it has ended.
class Race : public std::enable_shared_from_this<Race> {
 public:
  Race(asio::any_io_executor const& executor, std::vector<tcp::endpoint> endpoints)
      : executor_(executor), endpoints_(std::move(endpoints)), next_(executor) {}

  void try_next() {
    if (is_over_ || tried_ == endpoints_.size()) return;
    auto const endpoint = endpoints_[tried_++];
    auto& socket = sockets_.emplace_back(executor_);
    socket.async_connect(endpoint, [self = shared_from_this(), &socket](error_code failed) {
      self->on_end(socket, failed);
    });
    next_.expires_after(head_start);
    next_.async_wait([weak = weak_from_this()](error_code cancelled) {
      auto const self = weak.lock();
      if (self && !cancelled) self->try_next();
    });
  }

  // Ends it: all attempts but the winner are given up.
  void end() {
    if (std::exchange(is_over_, true)) return;
    next_.cancel();
    error_code ignored;
    for (auto& socket : sockets_) socket.close(ignored);
  }

  std::optional<tcp::socket> winner;
  error_code error;
  bool is_decided = false;

 private:
  void on_end(tcp::socket& socket, error_code failed) {
    if (is_over_) return;
    if (!failed) {
      winner.emplace(std::move(socket));
    } else {
      error = failed;
      if (++failed_ < endpoints_.size()) return try_next();
    }
    is_decided = true;
    end();
    decided.tell();
  }

  asio::any_io_executor executor_;
  std::vector<tcp::endpoint> endpoints_;
  std::list<tcp::socket> sockets_;  // a list: handlers refer to its elements
  asio::steady_timer next_;
  std::size_t tried_ = 0;
  std::size_t failed_ = 0;
  bool is_over_ = false;

 public:
  async::Event decided;
};

// Ends the race of a coroutine that was destroyed.
struct EndOfRace {
  explicit EndOfRace(std::shared_ptr<Race> its_race) : race(std::move(its_race)) {}
  EndOfRace(EndOfRace const&) = delete;
  EndOfRace& operator=(EndOfRace const&) = delete;
  ~EndOfRace() { race->end(); }
  std::shared_ptr<Race> race;
};

using Answered = std::map<std::string, tcp::endpoint>;

Answered& answered() {
  thread_local Answered all;
  return all;
}

}  // namespace

asio::awaitable<Connected> connect_first(std::vector<tcp::endpoint> endpoints,
                                         std::chrono::milliseconds limit) {
  auto const executor = co_await asio::this_coro::executor;
  auto const race = std::make_shared<Race>(executor, std::move(endpoints));
  EndOfRace const ends(race);
  auto const until = std::chrono::steady_clock::now() + limit;
  race->try_next();
  bool const in_time = co_await race->decided.told_before(until);
  Connected connected;
  if (race->winner) {
    connected.socket = std::move(race->winner);
  } else if (race->is_decided) {
    connected.error = race->error;
  } else if (in_time) {  // woken, but by a cancellation
    throw boost::system::system_error(asio::error::operation_aborted);
  } else {
    connected.error = asio::error::timed_out;
  }
  co_return connected;
}

void order_by_experience(std::string const& peer, std::vector<tcp::endpoint>& endpoints) {
  auto const known = answered().find(peer);
  if (known == answered().end()) return;
  std::ranges::stable_partition(endpoints,
                                [&](tcp::endpoint const& one) { return one == known->second; });
}

void note_answer(std::string const& peer, tcp::endpoint const& endpoint) {
  constexpr std::size_t most = 10'000;
  if (answered().size() >= most) answered().clear();
  answered().insert_or_assign(peer, endpoint);
}

}  // namespace affsync::net
