// The telling at the end of `sync`: its limit and a signal end it also while the database is at
// work, which no cancellation ends.
#include "daemon/alerts/delivery.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <stdexcept>

#include "daemon/async/until_cancelled.hpp"

namespace affsync::alerts::delivery_test {
namespace {

using namespace std::chrono_literals;

// Its judgement ends like a statement: by itself, or when the store is shut down.
class SlowStore final : public schema::AlertStore {
 public:
  bool is_slow = true;
  std::function<void()> on_begin = [] {};
  std::vector<std::chrono::milliseconds> shut_downs;
  std::chrono::milliseconds rule_limit{};

  asio::awaitable<schema::AlertChanges> judge(schema::AlertPolicy policy) override {
    rule_limit = policy.rule_limit;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer statement(co_await asio::this_coro::executor,
                                 asio::steady_timer::time_point::max());
    statement_ = &statement;
    on_begin();
    boost::system::error_code ended;
    if (is_slow) co_await statement.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    statement_ = nullptr;
    if (is_slow) throw Failure(ErrorCode::cancelled, "affsync is shutting down");
    co_return schema::AlertChanges();
  }
  void shut_down(std::chrono::milliseconds patience) override {
    shut_downs.push_back(patience);
    if (statement_ != nullptr) statement_->cancel();
  }

  asio::awaitable<std::vector<schema::AlertMessage>> take(schema::TakeMessages) override {
    throw std::logic_error("there is no receiver");
  }
  asio::awaitable<bool> note_sent(std::int64_t, std::string, TimePoint) override {
    throw std::logic_error("there is no receiver");
  }
  asio::awaitable<schema::AlertAttempt> note_failed(std::int64_t, std::string,
                                                    schema::FailedAttempt, TimePoint) override {
    throw std::logic_error("there is no receiver");
  }
  asio::awaitable<std::vector<schema::AlertQueue>> queues(TimePoint) override {
    throw std::logic_error("this must not be called");
  }
  asio::awaitable<std::vector<schema::AlertLine>> list(schema::AlertFilter, TimePoint) override {
    throw std::logic_error("this must not be called");
  }
  asio::awaitable<std::vector<schema::AlertCount>> count(TimePoint) override {
    throw std::logic_error("this must not be called");
  }
  asio::awaitable<std::int64_t> mute(schema::AlertMute) override {
    throw std::logic_error("this must not be called");
  }
  asio::awaitable<std::int64_t> unmute(schema::AlertMute) override {
    throw std::logic_error("this must not be called");
  }

 private:
  asio::steady_timer* statement_ = nullptr;
};

class Lines final : public LogSink {
 public:
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view text, std::vector<LogField> const&) override {
    all += std::string(text) + "\n";
  }
  std::string all;
};

class TellOnce : public ::testing::Test {
 protected:
  void tell(std::chrono::milliseconds limit) {
    SenderParts parts;
    parts.executor = io_.get_executor();
    parts.store = &store_;
    parts.clock = &clock_;
    auto work = tell_once(std::move(parts), schema::AlertPolicy(), config::AlertsConfig(), limit,
                          Logger(lines_));
    bool ended = false;
    asio::co_spawn(io_, async::until_cancelled(std::move(work)),
                   asio::bind_cancellation_slot(cancel_.slot(), [&](std::exception_ptr error) {
                     EXPECT_FALSE(error);
                     ended = true;
                   }));
    while (!ended) io_.run_one();
  }

  asio::io_context io_;
  asio::cancellation_signal cancel_;
  SystemClock clock_;
  SlowStore store_;
  Lines lines_;
};

using Times = std::vector<std::chrono::milliseconds>;

TEST_F(TellOnce, EndsTheStatementThatItWaitsForAtItsLimit) {
  tell(30ms);
  EXPECT_EQ(store_.shut_downs, Times{0ms});
  EXPECT_NE(lines_.all.find("telling of alerts took longer than 30 ms"), std::string::npos)
      << lines_.all;
}

TEST_F(TellOnce, EndsAMomentAfterItIsCancelled) {
  store_.on_begin = [this] {
    asio::post(io_, [this] { cancel_.emit(asio::cancellation_type::terminal); });
  };
  tell(1h);
  EXPECT_EQ(store_.shut_downs, Times{500ms});
  EXPECT_EQ(lines_.all, "");
}

TEST_F(TellOnce, LeavesTheStoreAloneIfItHasEndedBefore) {
  store_.is_slow = false;
  tell(1h);
  EXPECT_EQ(store_.shut_downs, Times{});
  EXPECT_EQ(lines_.all, "");
}

TEST_F(TellOnce, NoSingleRuleUsesUpTheLimit) {
  store_.is_slow = false;
  tell(30s);
  EXPECT_EQ(store_.rule_limit, 20s);
}

}  // namespace
}  // namespace affsync::alerts::delivery_test
