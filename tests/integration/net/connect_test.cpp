// Which of the addresses of a host is connected to, and that nothing is left of the others.
#include "daemon/net/connect.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <list>

#include "tests/support/run_coroutine.hpp"

namespace affsync::net::connect_test {
namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;

tcp::endpoint any_port() {
  return {asio::ip::make_address("127.0.0.1"), 0};
}

// Listens, and takes no connection, not even in its queue: further ones are never answered.
class Hole {
 public:
  explicit Hole(asio::io_context& loop) : listener_(loop, tcp::v4()) {
    listener_.bind(any_port());
    listener_.listen(0);
    for (int i = 0; i < 4; ++i) {
      auto& one = waiting_.emplace_back(loop, tcp::v4());
      one.native_non_blocking(true);
      auto const to = listener_.local_endpoint();
      // Asio's own would wait for the answer.
      [[maybe_unused]] int const begun = ::connect(one.native_handle(), to.data(), to.size());
    }
  }
  tcp::endpoint endpoint() const { return listener_.local_endpoint(); }

 private:
  tcp::acceptor listener_;
  std::list<tcp::socket> waiting_;
};

tcp::endpoint refusing(asio::io_context& loop) {
  tcp::acceptor gone(loop, any_port());
  return gone.local_endpoint();
}

TEST(Connect, ADeadAddressDoesNotHoldUpTheNextOne) {
  asio::io_context loop;
  Hole const hole(loop);
  tcp::acceptor const alive(loop, any_port());
  auto const connected = affsync::test::run_coroutine(
      loop, connect_first({hole.endpoint(), alive.local_endpoint()}, milliseconds(60'000)));
  ASSERT_TRUE(connected.socket) << connected.error.message();
  EXPECT_EQ(connected.socket->remote_endpoint(), alive.local_endpoint());
  // Nothing waits for the attempt that was given up.
  loop.restart();
  loop.run();
}

TEST(Connect, AnAddressThatRefusesIsLeftAtOnce) {
  asio::io_context loop;
  tcp::acceptor const alive(loop, any_port());
  auto const connected = affsync::test::run_coroutine(
      loop, connect_first({refusing(loop), alive.local_endpoint()}, milliseconds(60'000)));
  ASSERT_TRUE(connected.socket) << connected.error.message();
  auto const refused =
      affsync::test::run_coroutine(loop, connect_first({refusing(loop)}, milliseconds(60'000)));
  EXPECT_FALSE(refused.socket);
  EXPECT_EQ(refused.error, asio::error::connection_refused);
}

TEST(Connect, TheTimeOfAllAddressesIsLimited) {
  asio::io_context loop;
  Hole const hole(loop);
  auto const connected =
      affsync::test::run_coroutine(loop, connect_first({hole.endpoint()}, milliseconds(20)));
  EXPECT_FALSE(connected.socket);
  EXPECT_EQ(connected.error, asio::error::timed_out);
  loop.restart();
  loop.run();
}

TEST(Connect, ItCanBeCancelled) {
  asio::io_context loop;
  Hole const hole(loop);
  asio::cancellation_signal end;
  std::exception_ptr thrown;
  auto ended = [&](std::exception_ptr error, Connected const&) { thrown = error; };
  std::vector<tcp::endpoint> const endpoints(1, hole.endpoint());
  auto work = connect_first(endpoints, milliseconds(60'000));
  asio::co_spawn(loop, std::move(work), asio::bind_cancellation_slot(end.slot(), ended));
  loop.poll();
  end.emit(asio::cancellation_type::terminal);
  loop.run();
  EXPECT_TRUE(thrown);
}

TEST(Connect, TheAddressThatAnsweredLastIsTriedFirst) {
  tcp::endpoint const dead(asio::ip::make_address("2001:db8::1"), 443);
  tcp::endpoint const alive(asio::ip::make_address("192.0.2.1"), 443);
  std::vector<tcp::endpoint> endpoints{dead, alive};
  order_by_experience("broker:443", endpoints);
  EXPECT_EQ(endpoints, (std::vector<tcp::endpoint>{dead, alive}));
  note_answer("broker:443", alive);
  order_by_experience("broker:443", endpoints);
  EXPECT_EQ(endpoints, (std::vector<tcp::endpoint>{alive, dead}));
  endpoints = {dead};
  order_by_experience("broker:443", endpoints);
  EXPECT_EQ(endpoints, std::vector<tcp::endpoint>{dead});
}

}  // namespace
}  // namespace affsync::net::connect_test
