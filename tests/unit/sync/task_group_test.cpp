#include "daemon/async/task_group.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>

namespace affsync::async::task_group_test {
namespace {

class TaskGroupTest : public testing::Test {
 protected:
  asio::awaitable<void> until_cancelled() {
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    boost::system::error_code why;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, why));
    ++ended_;
  }
  asio::awaitable<void> at_once() {
    ++ended_;
    co_return;
  }
  asio::awaitable<void> throwing() {
    throw std::runtime_error("planted");
    co_return;
  }
  bool join() {
    auto future = asio::co_spawn(io_, group_.join(), asio::use_future);
    io_.restart();
    io_.run();
    return future.get();
  }

  asio::io_context io_;
  TaskGroup group_{io_.get_executor()};
  int ended_ = 0;
};

TEST_F(TaskGroupTest, OneThatWaitsForNothingMayStillBeCancelled) {
  auto const task = group_.spawn(at_once());
  join();
  EXPECT_TRUE(group_.empty());
  group_.cancel(task);
  EXPECT_EQ(ended_, 1);
}

TEST_F(TaskGroupTest, OneThatEndsWithAnExceptionEndsTheOthersToo) {
  group_.spawn(until_cancelled());
  group_.spawn(throwing());
  group_.spawn(until_cancelled());
  EXPECT_THROW(join(), std::runtime_error);
  EXPECT_EQ(ended_, 2);
  EXPECT_TRUE(group_.empty());
}

TEST_F(TaskGroupTest, ATaskIsCancelledAloneAndOnce) {
  auto const first = group_.spawn(until_cancelled());
  auto const second = group_.spawn(until_cancelled());
  io_.poll();  // they begin; in the program, which spawns in the loop, at once
  group_.cancel(first);
  group_.cancel(first);
  io_.poll();
  EXPECT_EQ(ended_, 1);
  EXPECT_FALSE(group_.empty());
  group_.cancel(second);
  EXPECT_FALSE(join());
  EXPECT_EQ(ended_, 2);
}

TEST_F(TaskGroupTest, AllAreCancelledTogetherAlsoThoseThatEndMeanwhile) {
  for (int i = 0; i < 5; ++i) group_.spawn(until_cancelled());
  group_.spawn(at_once());
  io_.poll();
  group_.cancel_all();
  EXPECT_FALSE(join());
  EXPECT_EQ(ended_, 6);
}

TEST_F(TaskGroupTest, TheFirstExceptionArrivesAtTheEnd) {
  group_.spawn(throwing());
  EXPECT_THROW(join(), std::runtime_error);
  EXPECT_TRUE(group_.empty());
}

}  // namespace
}  // namespace affsync::async::task_group_test
