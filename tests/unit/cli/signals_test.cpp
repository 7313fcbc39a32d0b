#include "daemon/signals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <csignal>

#include "daemon/app.hpp"

namespace affsync::signals_test {
namespace {

namespace asio = boost::asio;

class SignalsTest : public testing::Test {
 protected:
  ~SignalsTest() override {
    alarm(0);  // a shutdown sets it
    note_stop_signal(0);
  }
};

// What is stopped while it is about to end ends well, and the next thing must not begin.
TEST_F(SignalsTest, OneThatComesWithTheEndOfAPieceOfWorkIsKnownToTheNext) {
  App app(config::Config(), LogLevel::error);
  auto last_step = []() -> asio::awaitable<void> {
    std::raise(SIGTERM);
    co_return;
  };
  app.run(last_step());
  EXPECT_TRUE(app.interrupted());

  bool begun = false;
  auto next = [&]() -> asio::awaitable<void> {
    begun = true;
    co_return;
  };
  try {
    app.run(next());
    FAIL() << "it has not thrown";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::cancelled);
  }
  EXPECT_FALSE(begun);
}

TEST_F(SignalsTest, OneThatComesWithTheEndIsHandledBeforeItIsTooLate) {
  asio::io_context io;
  int told = 0;
  bool ended = false;
  {
    StopSignals const signals(io, [&] { ++told; });
    asio::post(io, [&] {
      std::raise(SIGTERM);
      ended = true;
    });
    run_until(io, [&] { return ended; });
    EXPECT_TRUE(signals.stopping());
  }
  EXPECT_EQ(told, 1);
  EXPECT_EQ(last_stop_signal(), SIGTERM);
}

}  // namespace
}  // namespace affsync::signals_test
