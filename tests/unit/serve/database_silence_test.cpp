// A database that does not answer is told once, and so is that it answers again.
#include "daemon/serve/database_silence.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/manual_time.hpp"
#include "tests/unit/serve/fake_store.hpp"

namespace affsync::serve::database_silence_test {
namespace {

using std::chrono::seconds;

class Lines final : public LogSink {
 public:
  std::vector<std::string> of_level(LogLevel level) const {
    std::vector<std::string> texts;
    for (auto const& [written, text] : lines_) {
      if (written == level) texts.push_back(text);
    }
    return texts;
  }
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel level, std::string_view text, std::vector<LogField> const&) override {
    lines_.emplace_back(level, text);
  }

 private:
  std::vector<std::pair<LogLevel, std::string>> lines_;
};

class Silence : public testing::Test {
 protected:
  void SetUp() override {
    asio::co_spawn(
        io_, watch_for_silence(io_.get_executor(), store_, time_, time_, Logger(lines_)),
        asio::bind_cancellation_slot(stop_.slot(), [this](std::exception_ptr) { ended_ = true; }));
  }
  void TearDown() override {
    stop_.emit(asio::cancellation_type::terminal);
    time_.drive(io_, [this] { return ended_; });
  }
  void until_asked(int times) {
    time_.drive(io_, [this, times] { return store_.pings >= times; });
  }
  std::vector<std::string> warnings() const { return lines_.of_level(LogLevel::warn); }
  std::vector<std::string> news() const { return lines_.of_level(LogLevel::info); }

  FakeStore store_;
  test::ManualTime time_;
  Lines lines_;
  asio::io_context io_;
  asio::cancellation_signal stop_;
  bool ended_ = false;
};

TEST_F(Silence, OfARestartIsNotTold) {
  store_.problem = Error(ErrorCode::database_unavailable, "connection refused");
  until_asked(2);
  store_.problem.reset();
  until_asked(5);
  EXPECT_TRUE(warnings().empty());
  EXPECT_TRUE(news().empty());
}

TEST_F(Silence, ThatLastsIsToldOnceAndItsEndToo) {
  store_.problem = Error(ErrorCode::database_unavailable, "connection refused");
  until_asked(8);
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_EQ(warnings()[0].find("the database has not answered for 30"), 0U) << warnings()[0];
  EXPECT_NE(warnings()[0].find("connection refused"), std::string::npos) << warnings()[0];
  store_.problem.reset();
  until_asked(11);
  EXPECT_EQ(warnings().size(), 1U);
  EXPECT_EQ(news(), std::vector<std::string>{"the database answers again"});
  // And the next one is another.
  store_.problem = Error(ErrorCode::database_unavailable, "connection refused");
  until_asked(15);
  EXPECT_EQ(warnings().size(), 2U);
}

TEST_F(Silence, IsAskedEveryQuarterOfAMinute) {
  auto const begin = time_.now();
  until_asked(4);
  EXPECT_EQ(time_.now() - begin, seconds(60));
}

}  // namespace
}  // namespace affsync::serve::database_silence_test
