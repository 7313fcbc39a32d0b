// Which pages are stored together, and when they no longer wait for others.
#include "daemon/sync/page_queue.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

namespace affsync::sync::page_queue_test {
namespace {

using namespace std::chrono_literals;

QueueLimits gathering(std::chrono::steady_clock::duration longest) {
  QueueLimits limits;
  limits.gathering = longest;
  return limits;
}

class PageQueueTest : public testing::Test {
 protected:
  static WaitingPage page(std::string const& name, std::size_t rows = 1) {
    auto const& table = *find_record_table("commission");
    WaitingPage waiting;
    waiting.write.batches.emplace_back(table);
    Row row;
    for (std::size_t i = 0; i < rows; ++i) {
      row.reset(table);
      row.external_id = name + std::to_string(i);
      row.raw = "{}";
      waiting.write.batches.back().append(row);
    }
    waiting.write.checkpoint = name;
    return waiting;
  }

  // The first page waits for no other one; what is tested comes after it.
  void SetUp() override {
    push(page("first", 0));
    ask();
    got_.clear();
  }

  // What runs without waiting has run afterwards.
  void push(WaitingPage waiting) {
    asio::co_spawn(io_, queue_.push(std::move(waiting)), asio::detached);
    settle();
  }
  void ask() {
    asio::co_spawn(
        io_, queue_.next(),
        asio::bind_cancellation_slot(
            cancel_.slot(), [this](std::exception_ptr failed, auto const& got) {
              if (failed) {
                failed_ = failed;
              } else if (got) {
                got_.push_back(got->write.checkpoint + " of " + std::to_string(got->write.pages));
              } else {
                got_.push_back("end");
              }
            }));
    settle();
  }
  void settle() {
    io_.restart();
    io_.poll();
  }
  using Got = std::vector<std::string>;

  asio::io_context io_;
  std::shared_ptr<QueueBudget> budget_ = std::make_shared<QueueBudget>();
  PageQueue queue_{budget_, gathering(1h)};  // no test waits so long
  asio::cancellation_signal cancel_;
  Got got_;  // the last checkpoint of what was stored together, and how many pages it had
  std::exception_ptr failed_;
};

TEST_F(PageQueueTest, PagesThatComeQuicklyAreStoredTogether) {
  ask();
  push(page("a"));
  push(page("b"));
  EXPECT_EQ(got_, Got{}) << "PostgreSQL has nothing to do, but more may come";
  queue_.close();
  settle();
  EXPECT_EQ(got_, Got{"b of 2"});
  ask();
  EXPECT_EQ(got_, (Got{"b of 2", "end"}));
}

// What the store has to know of the table is read meanwhile.
TEST_F(PageQueueTest, TheFirstPageIsStoredAtOnce) {
  PageQueue queue(budget_, gathering(1h));
  Got stored;
  auto const next = [&] {
    auto const note = [&](std::exception_ptr, std::optional<WaitingPage> const& got) {
      stored.push_back(got->write.checkpoint);
    };
    asio::co_spawn(io_, queue.next(), note);
    settle();
  };
  next();
  asio::co_spawn(io_, queue.push(page("a")), asio::detached);
  settle();
  EXPECT_EQ(stored, Got{"a"});
  asio::co_spawn(io_, queue.push(page("b")), asio::detached);
  next();
  EXPECT_EQ(stored, Got{"a"}) << "the second one waits for others";
  queue.close();
  settle();
  EXPECT_EQ(stored, (Got{"a", "b"}));
}

TEST_F(PageQueueTest, APageWaitsNoLongerThanIsAllowed) {
  PageQueue queue(budget_, gathering(1ms));
  std::string stored;
  auto const note = [&](std::exception_ptr, std::optional<WaitingPage> const& got) {
    stored = got->write.checkpoint;
  };
  for (auto const* name : {"first", "a"}) {
    asio::co_spawn(io_, queue.push(page(name)), asio::detached);
    asio::co_spawn(io_, queue.next(), note);
    io_.restart();
    io_.run();  // no page follows, and the queue is not closed
    EXPECT_EQ(stored, name);
  }
}

TEST_F(PageQueueTest, APageThatSomebodyWaitsForIsStoredAtOnce) {
  ask();
  auto awaited = page("a");
  awaited.is_awaited = true;
  push(std::move(awaited));
  EXPECT_EQ(got_, Got{"a of 1"});

  ask();
  auto last = page("b");
  last.slice_end.emplace();
  push(std::move(last));
  EXPECT_EQ(got_, (Got{"a of 1", "b of 1"}));
}

TEST_F(PageQueueTest, WhoWaitsUntilAllIsStoredEndsTheGathering) {
  ask();
  push(page("a"));
  bool drained = false;
  asio::co_spawn(io_, queue_.drained(), [&](std::exception_ptr) { drained = true; });
  settle();
  EXPECT_EQ(got_, Got{"a of 1"});
  EXPECT_FALSE(drained) << "it is being stored";
  ask();
  EXPECT_TRUE(drained);
  push(page("b"));
  EXPECT_EQ(got_, Got{"a of 1"}) << "nobody waits any more";
}

TEST_F(PageQueueTest, AFullQueueIsStoredAtOnce) {
  ask();
  push(page("a", 5999));
  EXPECT_EQ(got_, Got{});
  push(page("b", 1));
  EXPECT_EQ(got_, Got{"b of 2"});
}

TEST_F(PageQueueTest, MoreMayWaitIfTheStreamHasRows) {
  PageQueue queue(budget_, QueueLimits::of_known_rows());
  int pushed = 0;
  auto const push_one = [&](std::string const& name) {
    asio::co_spawn(io_, queue.push(page(name, 5000)), [&](std::exception_ptr) { ++pushed; });
    settle();
  };
  for (auto const* name : {"a", "b", "c", "d"}) push_one(name);
  EXPECT_EQ(pushed, 4);
  push_one("e");
  EXPECT_EQ(pushed, 4) << "20,000 rows wait";
}

TEST_F(PageQueueTest, WhatIsMoreThanUsualLeavesHalfToOtherRuns) {
  PageQueue queue(budget_, QueueLimits::of_known_rows());
  budget_->held = budget_->most / 2;
  int pushed = 0;
  auto const push_one = [&](std::string const& name) {
    asio::co_spawn(io_, queue.push(page(name, 3000)), [&](std::exception_ptr) { ++pushed; });
    settle();
  };
  for (auto const* name : {"a", "b", "c"}) push_one(name);
  EXPECT_EQ(pushed, 2) << "6,000 rows wait";
  budget_->held -= budget_->most / 2;
}

// Each row of a page may be one that is put aside, or that `where` no longer takes.
TEST_F(PageQueueTest, RowsThatAreNotStoredNeedRoomAsWell) {
  auto const quarantined = [](std::size_t rows, std::size_t bytes) {
    auto one = page("q", 0);
    QuarantinedRow row;
    row.raw = std::string(bytes, 'x');
    one.write.quarantined.assign(rows, row);
    return one;
  };
  auto left_out = page("l", 0);
  left_out.write.left_out.emplace_back(find_record_table("commission"),
                                       std::vector<std::string>(6'000, "key"));
  std::size_t const mebibyte = 1U << 20U;
  for (auto const& full : {quarantined(6'000, 10), quarantined(4, mebibyte), left_out}) {
    {
      PageQueue queue(budget_, gathering(1h));
      int pushed = 0;
      for (int i = 0; i < 2; ++i) {
        asio::co_spawn(io_, queue.push(full), [&](std::exception_ptr) { ++pushed; });
        settle();
      }
      EXPECT_EQ(pushed, 1);
      EXPECT_GE(budget_->held, 18'000U);
      for (int i = 0; i < 2; ++i) {
        asio::co_spawn(io_, queue.next(), [](std::exception_ptr, auto const&) {});
        settle();
      }
      EXPECT_EQ(pushed, 2);
    }
    EXPECT_EQ(budget_->held, 0U);
  }
}

// Sixty runs at once would otherwise gather sixty times as much.
TEST_F(PageQueueTest, WhatOtherRunsHoldLeavesRoomForOnePageOnly) {
  budget_->most = 100;
  budget_->held = 100;
  ask();
  push(page("a"));
  EXPECT_EQ(got_, Got{"a of 1"}) << "nothing gathers";
  push(page("b"));
  bool pushed = false;
  auto const on_end = [&](std::exception_ptr) { pushed = true; };
  asio::co_spawn(io_, queue_.push(page("c")), on_end);
  settle();
  EXPECT_FALSE(pushed) << "b waits already";
  ask();
  EXPECT_EQ(got_, (Got{"a of 1", "b of 1"}));
  EXPECT_TRUE(pushed);
}

TEST_F(PageQueueTest, WhatIsStoredIsNoLongerHeld) {
  {
    PageQueue queue(budget_, gathering(1h));
    auto const got = [](std::exception_ptr, std::optional<WaitingPage> const&) {};
    asio::co_spawn(io_, queue.push(page("a", 3)), asio::detached);
    settle();
    auto const one = budget_->held;
    EXPECT_GT(one, 0u);
    queue.close();
    asio::co_spawn(io_, queue.next(), got);
    settle();
    EXPECT_EQ(budget_->held, one) << "it is being stored";
    asio::co_spawn(io_, queue.next(), got);
    settle();
    EXPECT_EQ(budget_->held, 0u);
    asio::co_spawn(io_, queue.push(page("b")), asio::detached);
    settle();
  }
  EXPECT_EQ(budget_->held, 0u) << "a run that ends takes nothing with it";
}

TEST_F(PageQueueTest, APageThatCannotBeJoinedEndsTheGathering) {
  ask();
  push(page("a"));
  auto other = page("b");
  other.write.quarantined.emplace_back();
  push(std::move(other));
  EXPECT_EQ(got_, Got{"a of 1"});
}

TEST_F(PageQueueTest, ACancelledRunDoesNotStoreWhatGathers) {
  ask();
  push(page("a"));
  cancel_.emit(asio::cancellation_type::all);
  settle();
  EXPECT_EQ(got_, Got{});
  ASSERT_TRUE(failed_);
  try {
    std::rethrow_exception(failed_);
  } catch (boost::system::system_error const& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
}

}  // namespace
}  // namespace affsync::sync::page_queue_test
