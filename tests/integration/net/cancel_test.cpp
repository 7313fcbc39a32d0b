// Every wait can be cancelled at any point, and nothing is left behind.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <pthread.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <cstring>
#include <iostream>
#include <latch>

#include "daemon/async/with_timeout.hpp"
#include "daemon/net/resolve.hpp"
#include "tests/integration/net/support.hpp"

namespace {

// Names that end in ".hangs" are not resolved until the test allows it.
struct HangingNames {
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
  int waiting = 0;
};

HangingNames& hanging() {
  static auto* const names = new HangingNames;
  return *names;
}

void release_hanging() {
  std::lock_guard const lock(hanging().mutex);
  hanging().released = true;
  hanging().changed.notify_all();
}

}  // namespace

// Replaces the C library's function in this program.
extern "C" int getaddrinfo(char const* node, char const* service, addrinfo const* hints,
                           addrinfo** result) {
  using Function = int (*)(char const*, char const*, addrinfo const*, addrinfo**);
  static auto const real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  std::string_view const name = node == nullptr ? "" : node;
  if (name.ends_with(".hangs")) {
    std::unique_lock lock(hanging().mutex);
    ++hanging().waiting;
    hanging().changed.notify_all();
    hanging().changed.wait(lock, [] { return hanging().released; });
    return EAI_AGAIN;
  }
  if (name == "two-addresses.example") {
    // The first address refuses connections, the second is the peer.
    addrinfo* second = nullptr;
    int const status = real("127.0.0.1", service, hints, &second);
    if (status != 0) return status;
    if (real("127.0.0.77", service, hints, result) != 0) return EAI_FAIL;
    (*result)->ai_next = second;
    return 0;
  }
  return real(node, service, hints, result);
}

namespace affsync::net::test::cancel_test {
namespace {

using boost::system::error_code;
using namespace std::chrono_literals;

// Starts `work`, cancels it from the loop as soon as `ready` is true, and returns what it threw.
template <class T>
std::exception_ptr cancel_when(asio::io_context& loop, asio::awaitable<T> work,
                               asio::cancellation_signal& signal) {
  std::optional<std::exception_ptr> ended;
  auto handler = [&](std::exception_ptr error, auto&&...) { ended = error; };
  asio::co_spawn(loop, std::move(work),
                 asio::bind_cancellation_slot(signal.slot(), std::move(handler)));
  while (!ended) {
    if (loop.run_one() == 0)
      throw std::runtime_error("the coroutine waits, but the loop has no work left");
  }
  return *ended;
}

bool is_aborted(std::exception_ptr const& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (boost::system::system_error const& thrown) {
    return thrown.code() == asio::error::operation_aborted;
  }
  return false;
}

void emit_from(asio::io_context& loop, asio::cancellation_signal& signal) {
  asio::post(loop, [&signal] { signal.emit(asio::cancellation_type::terminal); });
}

TEST(Cancel, WhileTheAnswerIsAwaited) {
  asio::io_context* loop = nullptr;
  asio::cancellation_signal signal;
  ScriptedPeer peer([&](PeerConnection& connection) {
    connection.read_request();
    emit_from(*loop, signal);
    connection.wait_for_end();  // returns when the client ends the connection
  });
  TestClient client(peer.url());
  loop = &client.loop();
  EXPECT_TRUE(is_aborted(cancel_when(*loop, client.client().send(reading()), signal)));
}

TEST(Cancel, WhileTheTlsHandshakeIsAwaited) {
  asio::io_context* loop = nullptr;
  asio::cancellation_signal signal;
  ScriptedPeer peer([&](PeerConnection& connection) {
    connection.read_request();  // gets the first bytes of the handshake, never the end of a header
  });
  ScriptedPeer silent([&](PeerConnection& connection) {
    emit_from(*loop, signal);
    connection.wait_for_end();
  });
  TestClient client("https://127.0.0.1:" + std::to_string(silent.port()));
  loop = &client.loop();
  EXPECT_TRUE(is_aborted(cancel_when(*loop, client.client().send(reading()), signal)));
}

TEST(Cancel, TheClientWorksOnAfterwards) {
  asio::io_context* loop = nullptr;
  asio::cancellation_signal signal;
  ScriptedPeer peer([&](PeerConnection& connection) {
    connection.read_request();
    if (connection.number() == 1) {
      emit_from(*loop, signal);
    } else {
      connection.send(ok_with("{}"));
    }
    connection.wait_for_end();
  });
  TestClient client(peer.url());
  loop = &client.loop();
  cancel_when(*loop, client.client().send(reading()), signal);
  EXPECT_EQ(client.get().status, 200);
}

TEST(Cancel, ALoopThatGoesAwayTakesItsRequestsWithIt) {
  std::latch asked(1);
  ScriptedPeer peer([&](PeerConnection& connection) {
    connection.read_request();
    asked.count_down();
    connection.wait_for_end();
  });
  TestClient client(peer.url());
  auto never = [](std::exception_ptr, HttpResponse const&) { FAIL() << "ended"; };
  asio::co_spawn(client.loop(), client.client().send(reading()), std::move(never));
  while (!asked.try_wait()) client.loop().poll_one();
}

TEST(Cancel, WhileTheNameIsResolvedAlthoughTheResolverHangs) {
  TestClient client("http://localhost");
  asio::io_context& loop = client.loop();
  asio::cancellation_signal signal;
  std::thread watcher([&] {
    std::unique_lock lock(hanging().mutex);
    hanging().changed.wait(lock, [] { return hanging().waiting > 0; });
    emit_from(loop, signal);
  });
  EXPECT_TRUE(is_aborted(cancel_when(loop, resolve("one.hangs", "80", 1h), signal)));
  watcher.join();
}

TEST(Resolve, ATimeLimitHoldsAlthoughTheResolverHangs) {
  asio::io_context loop;
  try {
    run(loop, resolve("two.hangs", "80", 50ms));
    FAIL() << "resolved";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::timeout);
    EXPECT_NE(failure.error().message.find("two.hangs"), std::string::npos);
  }
}

TEST(Resolve, OneHangingNameDoesNotHoldUpTheOthers) {
  asio::io_context loop;
  asio::cancellation_signal signal;
  std::vector<asio::ip::tcp::endpoint> found;
  auto good = [&]() -> asio::awaitable<int> {
    found = co_await resolve("localhost", "80", 1h);
    emit_from(loop, signal);
    co_return 0;
  };
  auto ignore = [](std::exception_ptr error, int) { EXPECT_FALSE(error); };
  auto work = resolve("three.hangs", "80", 1h);
  asio::co_spawn(loop, good(), std::move(ignore));
  EXPECT_TRUE(is_aborted(cancel_when(loop, std::move(work), signal)));
  EXPECT_FALSE(found.empty());
}

TEST(Resolve, AnAnswerThatComesTooLateFindsNobodyAndDoesNoHarm) {
  {
    asio::io_context loop;
    EXPECT_THROW(run(loop, resolve("four.hangs", "80", 20ms)), Failure);
  }
  release_hanging();
  asio::io_context loop;
  EXPECT_FALSE(run(loop, resolve("localhost", "80", 1h)).empty());
}

// No thread can be started whose stack is larger than the memory of any machine.
[[noreturn]] void resolve_without_threads() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::size_t{1} << 50);
  pthread_setattr_default_np(&attributes);
  asio::io_context loop;
  try {
    run(loop, resolve("localhost", "80", 1h));
    std::cerr << "resolved";
  } catch (Failure const& failure) {
    std::cerr << to_string(failure.error().code) << ": " << failure.error().message;
  }
  std::exit(0);
}

TEST(Resolve, WithoutAThreadForItTheConnectionHasFailed) {
  // In a process of which no thread has looked up anything.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(resolve_without_threads(), testing::ExitedWithCode(0),
              "connect_failed: no thread could be started to look up the host localhost");
}

TEST(Resolve, AnUnknownHostIsNamed) {
  TestClient client("https://no-such-host.invalid");
  auto const error = client.error_of_get();
  EXPECT_EQ(error.code, ErrorCode::unknown_host);
  EXPECT_NE(error.message.find("no-such-host.invalid"), std::string::npos) << error.message;
}

TEST(Resolve, TheNextAddressIsTriedWhenTheFirstRefuses) {
  ScriptedPeer peer([](PeerConnection& connection) {
    connection.read_request();
    connection.send(ok_with("{}"));
  });
  ClientOptions options;
  options.origin = parse_origin(peer.url("two-addresses.example"), true).value();
  asio::io_context loop;
  auto const client = make_http_client(loop.get_executor(), options).value();
  EXPECT_EQ(run(loop, client->send(reading())).status, 200);
}

asio::awaitable<int> wait_then(std::chrono::milliseconds time, int value, bool* ended) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  struct Note {
    bool* ended;
    ~Note() { *ended = true; }
  } const note{ended};
  co_await timer.async_wait(asio::use_awaitable);
  co_return value;
}

asio::awaitable<int> fail_with(std::string text) {
  throw Failure(ErrorCode::truncated, std::move(text));
  co_return 0;
}

TEST(WithTimeout, GivesTheValue) {
  asio::io_context loop;
  bool ended = false;
  EXPECT_EQ(run(loop, async::with_timeout(wait_then(0ms, 7, &ended), 1h)), 7);
}

TEST(WithTimeout, GivesTheErrorAtOnce) {
  asio::io_context loop;
  try {
    run(loop, async::with_timeout(fail_with("broken"), 1h));
    FAIL();
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::truncated);
  }
}

TEST(WithTimeout, EndsTheOperationWhenTheLimitPasses) {
  asio::io_context loop;
  bool ended = false;
  try {
    run(loop, async::with_timeout(wait_then(1h, 7, &ended), 10ms, "waiting"));
    FAIL();
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::timeout);
    EXPECT_EQ(failure.error().message, "waiting took longer than 10 ms");
  }
  EXPECT_TRUE(ended);
}

asio::awaitable<int> cancelled_at_once(asio::io_context& loop, asio::cancellation_signal& signal,
                                       std::chrono::milliseconds time, bool* ended) {
  emit_from(loop, signal);
  co_return co_await wait_then(time, 7, ended);
}

TEST(WithTimeout, PassesACancellationOn) {
  asio::io_context loop;
  asio::cancellation_signal signal;
  bool ended = false;
  auto work = async::with_timeout(cancelled_at_once(loop, signal, 1h, &ended), 1h);
  EXPECT_TRUE(is_aborted(cancel_when(loop, std::move(work), signal)));
  EXPECT_TRUE(ended);
}

asio::awaitable<int> ends_while_cancelled(asio::cancellation_signal& signal, bool fails) {
  signal.emit(asio::cancellation_type::terminal);
  if (fails) throw Failure(ErrorCode::truncated, "broken");
  co_return 7;
}

// A result at the same moment as the cancellation must not be thrown out of the loop.
TEST(WithTimeout, ACancellationAtTheVeryEndDoesNotEscape) {
  for (bool const fails : {false, true}) {
    asio::io_context loop;
    asio::cancellation_signal signal;
    auto work = async::with_timeout(ends_while_cancelled(signal, fails), 1h);
    cancel_when(loop, std::move(work), signal);
  }
}

}  // namespace
}  // namespace affsync::net::test::cancel_test
