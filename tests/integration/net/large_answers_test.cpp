// How many large answers are in memory at a time.
#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "daemon/net/large_answers.hpp"
#include "tests/integration/net/support.hpp"

namespace affsync::net::test::large_answers_test {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t mib = 1 << 20;

// Requests on one loop, whose answers are kept until they are dropped.
class Answers {
 public:
  explicit Answers(std::size_t count)
      : answers_(count, Result<HttpResponse>(Error(ErrorCode::internal, "under way"))) {}

  void ask(std::size_t index, std::string const& url, ClientOptions options = {}) {
    options.origin = parse_origin(url, true).value();
    options.idle_connections = 0;
    clients_.push_back(make_http_client(loop_.get_executor(), std::move(options)).value());
    auto work = [](HttpClient& client, Result<HttpResponse>& out) -> asio::awaitable<void> {
      try {
        out = co_await client.send(reading());
      } catch (Failure const& failure) {
        out = failure.error();
      }
    };
    ++under_way_;
    asio::co_spawn(loop_, work(*clients_.back(), answers_[index]),
                   [this](std::exception_ptr const&) { --under_way_; });
  }
  void run_until_waiting(std::size_t count) {
    while (large_answers().waiting() != count) loop_.run_one();
  }
  void run_until_under_way(int count) {
    while (under_way_ != count) loop_.run_one();
  }
  void run_for(milliseconds time) { loop_.run_for(time); }

  Result<HttpResponse>& operator[](std::size_t index) { return answers_[index]; }
  void drop(std::size_t index) { answers_[index] = Error(ErrorCode::internal, "dropped"); }

 private:
  asio::io_context loop_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
  std::vector<Result<HttpResponse>> answers_;
  int under_way_ = 0;
};

std::string chunked(std::string const& body) {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::size_t const piece = 100'000;
  for (std::size_t at = 0; at < body.size(); at += piece) {
    auto const part = body.substr(at, piece);
    char length[16];
    std::snprintf(length, sizeof length, "%zx\r\n", part.size());
    text += length + part + "\r\n";
  }
  return text + "0\r\n\r\n";
}

class LargeAnswersTest : public testing::Test {
 protected:
  std::string const body_ = std::string(16 * mib, 'x');
  ScriptedPeer peer_{[this](PeerConnection& connection) {
    if (!connection.read_request().empty()) connection.send(ok_with(body_));
  }};
  ScriptedPeer chunking_peer_{[this](PeerConnection& connection) {
    if (!connection.read_request().empty()) connection.send(chunked(body_));
  }};
};

TEST_F(LargeAnswersTest, OneIsReadOnceThereIsRoom) {
  Answers answers(2);
  answers.ask(0, peer_.url());
  answers.run_until_under_way(0);
  answers.ask(1, peer_.url());
  answers.run_until_waiting(1);
  answers.drop(0);
  answers.run_until_under_way(0);
  ASSERT_TRUE(answers[1]);
  EXPECT_EQ(answers[1]->body, body_);
}

TEST_F(LargeAnswersTest, OneThatDoesNotTellItsLengthAsksWhileItGrows) {
  Answers answers(2);
  answers.ask(0, peer_.url());
  answers.run_until_under_way(0);
  answers.ask(1, chunking_peer_.url());
  answers.run_until_waiting(1);
  answers.drop(0);
  answers.run_until_under_way(0);
  ASSERT_TRUE(answers[1]);
  EXPECT_EQ(answers[1]->body, body_);
}

// Two that have begun and need more than there is: the older one goes on.
TEST_F(LargeAnswersTest, TwoThatGrowDoNotWaitForEachOther) {
  Answers answers(2);
  answers.ask(0, chunking_peer_.url());
  answers.ask(1, chunking_peer_.url());
  answers.run_until_under_way(1);
  std::size_t const first = answers[0] ? 0 : 1;
  EXPECT_EQ(answers[first]->body, body_);
  answers.drop(first);
  answers.run_until_under_way(0);
  EXPECT_EQ(answers[1 - first]->body, body_);
}

TEST_F(LargeAnswersTest, TheWaitIsOutsideOfTheDeadlines) {
  ClientOptions options;
  options.deadlines.request = milliseconds(1'500);
  Answers answers(2);
  answers.ask(0, peer_.url());
  answers.run_until_under_way(0);
  answers.ask(1, peer_.url(), options);
  answers.run_until_waiting(1);
  answers.run_for(milliseconds(1'600));
  answers.drop(0);
  answers.run_until_under_way(0);
  ASSERT_TRUE(answers[1]) << answers[1].error().message;
}

TEST_F(LargeAnswersTest, SmallOnesDoNotWait) {
  std::string const small(100'000, 'x');
  ScriptedPeer peer([&](PeerConnection& connection) {
    if (!connection.read_request().empty()) connection.send(ok_with(small));
  });
  Answers answers(3);
  answers.ask(0, peer_.url());
  answers.run_until_under_way(0);
  answers.ask(1, peer_.url());
  answers.run_until_waiting(1);
  answers.ask(2, peer.url());
  answers.run_until_under_way(1);
  ASSERT_TRUE(answers[2]);
  EXPECT_EQ(answers[2]->body, small);
}

// An answer may be kept until one is used that waits here.
TEST(LargeAnswers, PatienceEnds) {
  asio::io_context loop;
  LargeAnswers large(10);
  auto work = [](LargeAnswers& all) -> asio::awaitable<int> {
    LargeAnswers::PlacePtr first, second, third;
    co_await all.enlarge(first, 8);
    co_await all.enlarge(second, 5, milliseconds(1));
    co_await all.enlarge(third, 1, milliseconds(1));
    co_return 3;
  };
  EXPECT_EQ(run(loop, work(large)), 3);
  EXPECT_EQ(large.waiting(), 0);
}

}  // namespace
}  // namespace affsync::net::test::large_answers_test
