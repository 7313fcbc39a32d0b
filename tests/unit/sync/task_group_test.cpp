#include "daemon/async/task_group.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <optional>
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

// A coroutine that is cancelled after what it waits for has been done, and before it resumes: it
// goes on, and the next wait throws.
class CancelledUnnoticedTest : public TaskGroupTest {
 protected:
  using Start = std::function<void(TaskGroup&)>;
  asio::awaitable<void> work(Start start) {
    auto const executor = co_await asio::this_coro::executor;
    asio::post(executor, [this] { cancel_.emit(asio::cancellation_type::terminal); });
    co_await asio::post(executor, asio::use_awaitable);  // no cancellation ends it
    goes_on_ = true;
    if (never_throws_) co_await asio::this_coro::throw_if_cancelled(false);
    told_ = co_await run_tasks(std::move(start));
    throws_ = co_await asio::this_coro::throw_if_cancelled();
  }
  // Returns what work() ended with.
  std::exception_ptr run_and_cancel(Start start) {
    std::exception_ptr thrown;
    auto on_end = [&](std::exception_ptr what) {
      thrown = what;
      ++ended_;
    };
    asio::co_spawn(io_, work(std::move(start)),
                   asio::bind_cancellation_slot(cancel_.slot(), std::move(on_end)));
    io_.run();
    EXPECT_TRUE(goes_on_);
    return thrown;
  }

  asio::cancellation_signal cancel_;
  bool goes_on_ = false;
  bool never_throws_ = false;
  std::optional<bool> told_, throws_;
};

TEST_F(CancelledUnnoticedTest, NothingIsStarted) {
  bool started = false;
  EXPECT_TRUE(run_and_cancel([&](TaskGroup&) { started = true; }));
  EXPECT_FALSE(started);
  EXPECT_EQ(ended_, 1);
}

TEST_F(CancelledUnnoticedTest, WhatIsStartedAllTheSameIsCancelled) {
  never_throws_ = true;
  EXPECT_FALSE(run_and_cancel([&](TaskGroup& group) {
    group.spawn(until_cancelled());
    group.spawn(until_cancelled());
  }));
  EXPECT_EQ(ended_, 3);
  EXPECT_EQ(told_, true);
  EXPECT_EQ(throws_, false);
}

TEST_F(TaskGroupTest, WhatIsStartedEndsIfTheRestCannotBeStarted) {
  auto start = [this](TaskGroup& group) {
    group.spawn(until_cancelled());
    throw std::runtime_error("planted");
  };
  auto future = asio::co_spawn(io_, run_tasks(std::move(start)), asio::use_future);
  io_.run();
  EXPECT_THROW(future.get(), std::runtime_error);
  EXPECT_EQ(ended_, 1);
}

TEST_F(TaskGroupTest, TheFirstExceptionArrivesAtTheEnd) {
  group_.spawn(throwing());
  EXPECT_THROW(join(), std::runtime_error);
  EXPECT_TRUE(group_.empty());
}

}  // namespace
}  // namespace affsync::async::task_group_test
