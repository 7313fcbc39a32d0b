// Pages that the queue takes back, because hardly a row of them is left to be stored.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/sync/page_queue.hpp"

namespace affsync::sync::held_pages_test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

WaitingPage page(std::string const& checkpoint, std::string const& key, std::string const& content,
                 std::size_t rows = 1) {
  auto const& table = *find_record_table("commission");
  WaitingPage waiting;
  waiting.write.batches.emplace_back(table);
  Row row;
  for (std::size_t i = 0; i < rows; ++i) {
    row.reset(table);
    row.external_id = key + (i == 0 ? "" : std::to_string(i));
    row.raw = content;
    waiting.write.batches.back().append(row);
  }
  waiting.write.checkpoint = checkpoint;
  return waiting;
}

// "key:content" of each row, and after a bar the checkpoint and the number of pages.
std::string shown(WaitingPage const& page) {
  std::string text;
  for (auto const& batch : page.write.batches) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      text += std::string(batch.external_id(i)) + ":" + batch.raw(i) + " ";
    }
  }
  return text + "| " + page.write.checkpoint + " " + std::to_string(page.write.pages);
}

QueueLimits limits(Clock::duration gathering, Clock::duration held) {
  QueueLimits some;
  some.gathering = gathering;
  some.held = held;
  return some;
}

class HeldPagesTest : public testing::Test {
 protected:
  explicit HeldPagesTest(Clock::duration held = 1h)
      : queue_(std::make_unique<PageQueue>(budget_, limits(0s, held))) {}

  // Whoever waits for the queue must have ended before it.
  void TearDown() override {
    if (!queue_) return;
    queue_->close();
    bool more = true;
    auto const note = [&](std::exception_ptr, std::optional<WaitingPage> const& one) {
      more = one.has_value();
    };
    while (more) {
      asio::co_spawn(io_, queue_->next(), note);
      settle();
    }
  }

  void push(WaitingPage waiting) {
    asio::co_spawn(io_, queue_->push(std::move(waiting)), asio::detached);
    settle();
  }
  // What is handed out next.
  WaitingPage next() {
    std::optional<WaitingPage> got;
    auto const note = [&](std::exception_ptr, std::optional<WaitingPage> one) {
      got = std::move(one);
    };
    asio::co_spawn(io_, queue_->next(), note);
    settle();
    EXPECT_TRUE(got) << "nothing was handed out";
    return got ? std::move(*got) : WaitingPage();
  }
  void settle() {
    io_.restart();
    io_.poll();
  }
  // Hands out a page and takes it back.
  void hold(WaitingPage waiting) {
    push(std::move(waiting));
    auto got = next();
    ASSERT_TRUE(queue_->take_back(got));
  }

  asio::io_context io_;
  std::shared_ptr<QueueBudget> budget_ = std::make_shared<QueueBudget>();
  std::unique_ptr<PageQueue> queue_;
};

class BrieflyHeldPagesTest : public HeldPagesTest {
 protected:
  BrieflyHeldPagesTest() : HeldPagesTest(0s) {}
};

TEST_F(HeldPagesTest, TheyAreStoredWithThoseThatCome) {
  hold(page("1", "a", "x"));
  push(page("2", "b", "y"));
  push(page("3", "c", "z"));
  EXPECT_EQ(shown(next()), "a:x b:y c:z | 3 3");
}

TEST_F(HeldPagesTest, ThoseThatCameMeanwhileFollowThem) {
  push(page("1", "a", "x"));
  auto got = next();
  push(page("2", "b", "y"));
  ASSERT_TRUE(queue_->take_back(got));
  EXPECT_EQ(shown(next()), "a:x b:y | 2 2");
}

// Twice: pages are joined to joined ones.
TEST_F(HeldPagesTest, TheyMayBeTakenBackAgain) {
  hold(page("1", "a", "x"));
  push(page("2", "b", "y"));
  auto got = next();
  push(page("3", "c", "z"));
  ASSERT_TRUE(queue_->take_back(got));
  push(page("4", "d", "z"));
  EXPECT_EQ(shown(next()), "a:x b:y c:z d:z | 4 4");
}

// Also if that is how it was stored before.
TEST_F(HeldPagesTest, ARowThatChangesAgainIsStoredAfterThem) {
  push(page("1", "a", "x"));
  auto got = next();
  push(page("2", "a", "y"));
  EXPECT_FALSE(queue_->take_back(got)) << "both versions belong into the history";
  EXPECT_EQ(shown(got), "a:x | 1 1");
  EXPECT_EQ(shown(next()), "a:y | 2 1");

  hold(page("3", "b", "x"));
  push(page("4", "b", "y"));
  EXPECT_EQ(shown(next()), "b:x | 3 1");
  EXPECT_EQ(shown(next()), "b:y | 4 1");
}

TEST_F(HeldPagesTest, ARowThatComesAgainAsItIsIsStoredOnce) {
  hold(page("1", "a", "x"));
  push(page("2", "a", "x"));
  auto const got = next();
  EXPECT_EQ(shown(got), "a:x | 2 2");
  EXPECT_EQ(got.write.repeated, 1);
}

TEST_F(HeldPagesTest, WithoutANewPageTheyAreStored) {
  hold(page("1", "a", "x"));
  auto got = next();
  EXPECT_EQ(shown(got), "a:x | 1 1");
  EXPECT_FALSE(queue_->may_take_back(got));
  EXPECT_FALSE(queue_->take_back(got));
  EXPECT_EQ(shown(got), "a:x | 1 1");
}

TEST_F(BrieflyHeldPagesTest, TheyWaitNoLongerThanIsAllowed) {
  hold(page("1", "a", "x"));
  push(page("2", "b", "y"));
  auto got = next();
  EXPECT_FALSE(queue_->take_back(got));
  EXPECT_EQ(shown(got), "a:x b:y | 2 2");
  hold(page("3", "c", "x"));  // which begins anew
}

TEST_F(HeldPagesTest, ManyRowsAreStoredAtOnce) {
  push(page("1", "a", "x", 501));
  auto got = next();
  EXPECT_FALSE(queue_->take_back(got));
  EXPECT_EQ(got.write.batches.front().size(), 501u);
  hold(page("2", "b", "x", 500));
}

TEST_F(HeldPagesTest, WhatSomebodyWaitsForIsStoredAtOnce) {
  auto awaited = page("1", "a", "x");
  awaited.is_awaited = true;
  push(std::move(awaited));
  auto got = next();
  EXPECT_FALSE(queue_->take_back(got));

  auto last = page("2", "b", "x");
  last.slice_end.emplace();
  push(std::move(last));
  got = next();
  EXPECT_FALSE(queue_->take_back(got));
  EXPECT_TRUE(got.slice_end);

  push(page("3", "c", "x"));
  got = next();
  asio::co_spawn(io_, queue_->drained(), asio::detached);
  settle();
  EXPECT_FALSE(queue_->take_back(got)) << "the reader waits until all is stored";
}

// A page behind them that ends the slice ends the waiting too.
TEST_F(HeldPagesTest, TheEndOfTheSliceIsKept) {
  push(page("1", "a", "x"));
  auto got = next();
  auto last = page("2", "b", "y");
  last.slice_end.emplace();
  last.repeated = 3;
  push(std::move(last));
  ASSERT_TRUE(queue_->take_back(got));
  push(page("3", "c", "z"));
  got = next();
  EXPECT_EQ(shown(got), "a:x b:y | 2 2");
  EXPECT_TRUE(got.slice_end);
  EXPECT_EQ(got.repeated, 3);
  EXPECT_EQ(shown(next()), "c:z | 3 1");
}

TEST_F(HeldPagesTest, TheLastOnesAreStored) {
  push(page("1", "a", "x"));
  auto got = next();
  queue_->close();
  EXPECT_FALSE(queue_->take_back(got));

  auto other = std::make_unique<PageQueue>(budget_, limits(1h, 1h));
  std::swap(queue_, other);
  push(page("first", "f", "x"));
  next();
  push(page("2", "b", "x"));
  push(page("3", "c", "x"));
  asio::co_spawn(io_, queue_->drained(), asio::detached);  // ends the gathering
  got = next();
  EXPECT_EQ(shown(got), "b:x c:x | 3 2");
}

// No page follows, but what came meanwhile is stored with them.
TEST_F(HeldPagesTest, TheLastOnesAreStoredTogether) {
  push(page("1", "a", "x"));
  auto got = next();
  push(page("2", "b", "y"));
  queue_->close();
  ASSERT_TRUE(queue_->take_back(got));
  got = next();
  EXPECT_EQ(shown(got), "a:x b:y | 2 2");
  EXPECT_FALSE(queue_->take_back(got)) << "nothing follows any more";

  auto other = std::make_unique<PageQueue>(budget_, limits(1h, 1h));
  std::swap(queue_, other);
  push(page("3", "c", "x"));
  got = next();
  push(page("4", "d", "x"));
  asio::co_spawn(io_, queue_->drained(), asio::detached);
  ASSERT_TRUE(queue_->take_back(got));
  got = next();
  EXPECT_EQ(shown(got), "c:x d:x | 4 2");
  EXPECT_FALSE(queue_->take_back(got)) << "somebody waits until it is stored";
}

// What waits is counted as what is left of it.
TEST_F(HeldPagesTest, TheBudgetHasWhatIsLeft) {
  push(page("1", "a", "x", 100));
  auto got = next();
  auto const whole = budget_->held;
  got.write.batches = page("", "a", "x", 1).write.batches;
  ASSERT_TRUE(queue_->take_back(got));
  EXPECT_LT(budget_->held, 2 * whole) << "until next() they are counted as being stored too";
  got = next();
  EXPECT_LT(budget_->held, whole / 50);
  queue_.reset();
  EXPECT_EQ(budget_->held, 0u);
}

}  // namespace
}  // namespace affsync::sync::held_pages_test
