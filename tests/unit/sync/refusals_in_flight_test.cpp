// What is refused while other requests of the source are under way, or ask the database whether
// they may be sent.
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "daemon/async/task_group.hpp"
#include "daemon/sync/credential_hash.hpp"
#include "daemon/sync/source_session.hpp"
#include "tests/support/scripted_client.hpp"

namespace affsync::sync::refusals_in_flight_test {
namespace {

using namespace std::chrono_literals;

engine::SourcePlan key_plan() {
  engine::SourcePlan plan;
  plan.source = "broker";
  engine::StaticTokenAuth auth;
  auth.value = "Bearer ${credentials.key}";
  plan.auth = auth;
  plan.credentials["key"] = Secret("planted-key");
  plan.rate.requests_per_second = 100;
  plan.rate.burst = 100;
  plan.rate.concurrency = 8;
  return plan;
}

// The block of a database that takes a while to answer and to store.
class SlowBlocks final : public schema::BlockStore {
 public:
  explicit SlowBlocks(test::ManualTime& time) : time_(time) {}

  asio::awaitable<schema::BlockState> load_block(schema::BlockKey) override {
    schema::BlockState state;
    state.now = time_.now();
    state.block = block;
    if (state.block) state.block->remaining = state.block->until - time_.now();
    co_await time_.sleep(takes);
    co_return state;
  }
  asio::awaitable<std::optional<schema::SourceBlock>> save_block(schema::BlockKey,
                                                                 schema::SourceBlock refused,
                                                                 Duration pause, bool) override {
    co_await time_.sleep(takes);
    refused.until = time_.now() + pause;
    refused.remaining = pause;
    block = refused;
    co_return refused;
  }
  asio::awaitable<void> clear_block(schema::BlockKey) override {
    co_await time_.sleep(takes);
    block.reset();
  }
  asio::awaitable<std::unique_ptr<schema::Lease>> try_login(schema::BlockKey) override {
    co_return nullptr;
  }

  std::optional<schema::SourceBlock> block;
  Duration takes = 30ms;

 private:
  test::ManualTime& time_;
};

class RefusalsInFlight : public testing::Test {
 protected:
  void SetUp() override { begin(nullptr); }

  void begin(async::Workers* workers) {
    SessionParts parts;
    parts.workers = workers;
    parts.make_client = [this] {
      return std::make_unique<test::ScriptedClient>(
          time_, sent_, [](HttpRequest const&) { return test::json_response(401, "{}"); });
    };
    parts.clock = &time_;
    parts.sleeper = &time_;
    parts.observer = &observer_;
    parts.random = [] { return 0.5; };
    session_ = std::make_unique<SourceSession>(key_plan(), std::move(parts), Logger(log_));
    schema::BlockKey key;
    key.name = "broker";
    session_->refusals().keep_in(&blocks_, key);
  }

  // The first request of a stream, that long after the beginning.
  asio::awaitable<void> stream(Duration begins) {
    co_await time_.sleep(begins);
    RunReport report;
    auto const answer =
        co_await session_->fetch(HttpRequest(Method::get, "/rows/"), report, nullptr);
    EXPECT_EQ(answer ? std::nullopt : std::optional(answer.error().code), ErrorCode::auth_invalid);
  }

  asio::awaitable<void> reload(Duration begins) {
    co_await time_.sleep(begins);
    co_await session_->refusals().forget();
  }

  // As of a daemon, which has removed the blocks of all sources before.
  asio::awaitable<void> reload_all(Duration begins) {
    co_await time_.sleep(begins);
    blocks_.block.reset();
    session_->refusals().forget_here();
  }

  asio::io_context io_;
  test::ManualTime time_;
  test::SilentLog log_;
  Observer observer_;
  std::vector<test::SentRequest> sent_;
  SlowBlocks blocks_{time_};
  std::unique_ptr<SourceSession> session_;
};

// A hash that takes long, since the only worker is busy until release().
class RefusalsWhileHashing : public RefusalsInFlight {
 protected:
  void SetUp() override {
    begin(&workers_);
    blocks_.takes = 0ms;
    auto work = [this] {
      released_.get_future().wait();
      return true;
    };
    busy_ = asio::co_spawn(io_, workers_.run(std::move(work)), asio::use_future);
    auto const on_end = [this](std::exception_ptr thrown) { thrown_ = thrown; };
    asio::co_spawn(io_, session_->refusals().refused(error_),
                   asio::bind_cancellation_slot(cancel_.slot(), on_end));
    io_.poll();
  }
  void release() {
    released_.set_value();
    io_.restart();
    io_.run();
  }

  std::promise<void> released_;
  async::Workers workers_{1};
  std::future<bool> busy_;
  Error error_{ErrorCode::auth_invalid, "the key is wrong"};
  asio::cancellation_signal cancel_;
  std::exception_ptr thrown_;
};

TEST_F(RefusalsWhileHashing, AreKnownToTheOtherStreamsAndHoldUpNobody) {
  EXPECT_TRUE(session_->blocked());
  EXPECT_FALSE(blocks_.block);
  release();
  ASSERT_TRUE(blocks_.block);
  EXPECT_TRUE(is_hash_of(blocks_.block->credential_hash, key_plan()));
}

TEST_F(RefusalsWhileHashing, AreStoredAlthoughTheRunIsCancelled) {
  cancel_.emit(asio::cancellation_type::terminal);
  release();
  EXPECT_TRUE(blocks_.block);
}

TEST_F(RefusalsWhileHashing, AreNotStoredBehindASuccess) {
  asio::co_spawn(io_, session_->refusals().accepted(), asio::use_future);
  io_.poll();
  EXPECT_FALSE(session_->blocked());
  release();
  EXPECT_FALSE(blocks_.block);
}

// The first stream is refused after 80 ms and stored after 110. The second one is under way then,
// the third asked the database before it knew of it.
TEST_F(RefusalsInFlight, CountOnce) {
  async::TaskGroup group(io_.get_executor());
  group.spawn(stream(0ms));
  group.spawn(stream(20ms));
  group.spawn(stream(60ms));
  group.spawn(stream(85ms));
  time_.run(io_, group.join());
  EXPECT_EQ(sent_.size(), 2U);
  ASSERT_TRUE(blocks_.block);
  EXPECT_EQ(blocks_.block->refusals, 1);
}

// A reload wishes a new try; the answer to what was sent before is none.
TEST_F(RefusalsInFlight, AreNoRefusalOfWhatAReloadTries) {
  async::TaskGroup group(io_.get_executor());
  group.spawn(stream(0ms));
  group.spawn(stream(45ms));
  group.spawn(reload(112ms));
  time_.run(io_, group.join());
  EXPECT_EQ(sent_.size(), 2U);
  EXPECT_FALSE(blocks_.block);
}

// What the database said before the reload does not hold back the new try.
TEST_F(RefusalsInFlight, OfBeforeAReloadAreNotTakenUpAfterIt) {
  async::TaskGroup group(io_.get_executor());
  group.spawn(stream(0ms));
  group.spawn(stream(200ms));  // has its answer from the database after 230 ms
  group.spawn(reload_all(210ms));
  time_.run(io_, group.join());
  EXPECT_EQ(sent_.size(), 2U);
  ASSERT_TRUE(blocks_.block);
  EXPECT_EQ(blocks_.block->refusals, 1);
}

}  // namespace
}  // namespace affsync::sync::refusals_in_flight_test
