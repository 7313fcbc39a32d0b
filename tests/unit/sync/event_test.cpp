// What wakes those who wait for an event, and what they see of it.
#include "daemon/async/event.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <optional>
#include <string>
#include <vector>

namespace affsync::async::event_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

class EventTest : public testing::Test {
 protected:
  // Notes its name when it goes on, and again after one more co_await.
  asio::awaitable<void> wait(std::string name) {
    co_await event_->told();
    seen_.push_back(name);
    co_await nothing();
    seen_.push_back(name + " again");
  }
  static asio::awaitable<void> nothing() { co_return; }

  asio::awaitable<void> wait_before(Event::TimePoint deadline) {
    in_time_ = co_await event_->told_before(deadline);
  }
  // The one that cancel() cancels.
  void start(asio::awaitable<void> work) {
    asio::co_spawn(io_, std::move(work),
                   asio::bind_cancellation_slot(
                       cancel_.slot(), [this](std::exception_ptr thrown) { thrown_ = thrown; }));
    settle();
  }
  void settle() {
    io_.restart();
    io_.poll();
  }
  void cancel() {
    cancel_.emit(asio::cancellation_type::terminal);
    settle();
  }
  boost::system::error_code thrown() const {
    try {
      if (thrown_) std::rethrow_exception(thrown_);
    } catch (boost::system::system_error const& error) {
      return error.code();
    }
    return boost::system::error_code();
  }

  asio::io_context io_;
  std::optional<Event> event_{std::in_place};
  asio::cancellation_signal cancel_;
  std::vector<std::string> seen_;
  std::optional<bool> in_time_;
  std::exception_ptr thrown_;
};

using Seen = std::vector<std::string>;

TEST_F(EventTest, WakesAllWhoWaitInTheirOrderButNotInsideTheCall) {
  asio::co_spawn(io_, wait("first"), asio::detached);
  start(wait("second"));
  EXPECT_EQ(seen_, Seen());
  event_->tell();
  EXPECT_EQ(seen_, Seen());
  settle();
  EXPECT_EQ(seen_, (Seen{"first", "first again", "second", "second again"}));
}

TEST_F(EventTest, IsNotRememberedForThoseWhoWaitLater) {
  event_->tell();
  start(wait("late"));
  EXPECT_EQ(seen_, Seen());
  event_->tell();
  settle();
  EXPECT_EQ(seen_, (Seen{"late", "late again"}));
}

TEST_F(EventTest, IsToldAgainAndAgain) {
  auto again = [this]() -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      co_await event_->told();
      seen_.push_back(std::to_string(i));
    }
  };
  start(again());
  for (int i = 0; i < 3; ++i) {
    event_->tell();
    event_->tell();  // at once: it is awake already
    settle();
    EXPECT_EQ(seen_.size(), static_cast<std::size_t>(i) + 1);
  }
}

TEST_F(EventTest, ACancellationEndsTheWaitAndThrowsAtTheNext) {
  start(wait("one"));
  cancel();
  EXPECT_EQ(seen_, Seen{"one"});
  EXPECT_EQ(thrown(), asio::error::operation_aborted);
}

TEST_F(EventTest, ACancellationThrowsNothingWhereItIsNotWanted) {
  auto calm = [this]() -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await wait("calm");
  };
  start(calm());
  cancel();
  EXPECT_EQ(seen_, (Seen{"calm", "calm again"}));
  EXPECT_FALSE(thrown());
}

TEST_F(EventTest, WhoHasBeenCancelledDoesNotBeginToWait) {
  auto late = [this]() -> asio::awaitable<void> {
    co_await event_->told();
    co_await event_->told();
    seen_.push_back("never");
  };
  start(late());
  cancel();
  EXPECT_EQ(thrown(), asio::error::operation_aborted);
  event_->tell();
  settle();
  EXPECT_EQ(seen_, Seen());
}

TEST_F(EventTest, ACancellationOfOneLeavesTheOthersWaiting) {
  asio::co_spawn(io_, wait("other"), asio::detached);
  start(wait("cancelled"));
  cancel();
  EXPECT_EQ(seen_, Seen{"cancelled"});
  event_->tell();
  settle();
  EXPECT_EQ(seen_, (Seen{"cancelled", "other", "other again"}));
}

TEST_F(EventTest, SaysWhetherTheDeadlineHasPassed) {
  start(wait_before(steady_clock::now() - 1s));
  EXPECT_EQ(in_time_, false);
  in_time_.reset();
  start(wait_before(steady_clock::now() + 1h));
  EXPECT_EQ(in_time_, std::nullopt);
  event_->tell();
  settle();
  EXPECT_EQ(in_time_, true);
}

TEST_F(EventTest, ADeadlineOfOneDoesNotWakeTheOthers) {
  asio::co_spawn(io_, wait("patient"), asio::detached);
  start(wait_before(steady_clock::now() - 1s));
  EXPECT_EQ(in_time_, false);
  EXPECT_EQ(seen_, Seen());
}

TEST_F(EventTest, ACancellationIsNoDeadline) {
  start(wait_before(steady_clock::now() + 1h));
  cancel();
  EXPECT_EQ(in_time_, true);
}

TEST_F(EventTest, ItsEndWakesThoseWhoWait) {
  start(wait("one"));
  event_.reset();
  settle();
  EXPECT_EQ(seen_, (Seen{"one", "one again"}));
}

// The sanitizers see it if the end of the coroutine touched the event.
TEST(EventOfALoopThatEnds, MayBeGoneBeforeTheCoroutine) {
  std::optional<Event> event(std::in_place);
  bool ended = false;
  {
    asio::io_context io;
    auto work = [&]() -> asio::awaitable<void> {
      co_await event->told();
      ended = true;
    };
    asio::co_spawn(io, work(), asio::detached);
    io.poll();
    event.reset();
  }
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace affsync::async::event_test
