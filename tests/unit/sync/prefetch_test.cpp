#include "daemon/sync/prefetch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/system/system_error.hpp>
#include <map>

#include "tests/support/manual_time.hpp"

namespace affsync::sync::prefetch_test {
namespace {

using namespace std::chrono_literals;
using Targets = std::vector<std::string>;

HttpRequest to(std::string const& target) {
  return HttpRequest(Method::get, target);
}
std::vector<HttpRequest> requests(Targets const& targets) {
  std::vector<HttpRequest> out;
  for (auto const& target : targets) out.push_back(to(target));
  return out;
}

// A broker with a time and an answer for each target. It records what was sent, what was cancelled
// and how many requests were under way at once.
class PrefetchTest : public testing::Test {
 protected:
  PrefetchTest() { budget_->always_for_a_run = 0; }

  Prefetch make(std::size_t concurrency) {
    auto fetch = [this](HttpRequest request, std::shared_ptr<bool const> is_asked) {
      return answer(std::move(request), std::move(is_asked));
    };
    return Prefetch(io_.get_executor(), fetch, time_, concurrency, budget_);
  }

  asio::awaitable<Result<engine::Answer>> answer(HttpRequest request,
                                                 std::shared_ptr<bool const> is_asked) {
    auto const target = request.target;
    sent_.push_back(target + (*is_asked ? "!" : ""));
    most_ = std::max(most_, ++under_way_);
    auto const took = takes_.contains(target) ? takes_[target] : Duration(100ms);
    bool aborted = false;
    try {
      co_await time_.sleep(took);
    } catch (boost::system::system_error const&) {
      aborted = true;
    }
    --under_way_;
    if (aborted) {
      cancelled_.push_back(target);
      throw boost::system::system_error(asio::error::operation_aborted);
    }
    if (fails_.contains(target) && fails_[target]-- > 0) co_return Error(error_, "refused");
    engine::Answer answer;
    answer.body = Json::string(target + " #" + std::to_string(++answers_[target]));
    answer.bytes = bytes_;
    co_return answer;
  }

  // The text of the answer to `target`, or its error's code.
  std::string ask(Prefetch& prefetch, std::string const& target, Targets const& ahead,
                  Targets const& later = {}) {
    return time_.run(io_, asked(prefetch, target, ahead, later));
  }
  asio::awaitable<std::string> asked(Prefetch& prefetch, std::string target, Targets ahead,
                                     Targets later = {}) {
    auto const got = co_await prefetch.answer_to(to(target), requests(ahead), requests(later));
    arrived_at_ = got.arrived_at;
    if (!got.answer) co_return std::string(to_string(got.answer.error().code));
    co_return got.answer->body.as_string();
  }
  void stop(Prefetch& prefetch) { time_.run(io_, stopped(prefetch)); }
  static asio::awaitable<int> stopped(Prefetch& prefetch) {
    co_await prefetch.stop();
    co_return 0;
  }

  asio::io_context io_;
  test::ManualTime time_;
  std::shared_ptr<AheadBudget> budget_ = std::make_shared<AheadBudget>();
  std::map<std::string, Duration> takes_;
  std::map<std::string, int> fails_;  // target -> how many times
  ErrorCode error_ = ErrorCode::bad_request;
  std::size_t bytes_ = 10;
  Targets sent_, cancelled_;
  std::map<std::string, int> answers_;
  int under_way_ = 0, most_ = 0;
  TimePoint arrived_at_;
};

TEST_F(PrefetchTest, RequestsAheadAreSentInOrderUpToTheConcurrency) {
  auto prefetch = make(3);
  EXPECT_EQ(ask(prefetch, "1", {"2", "3", "4", "5"}), "1 #1");
  EXPECT_EQ(Targets(sent_.begin(), sent_.begin() + 3), Targets({"1!", "2", "3"}));
  EXPECT_EQ(ask(prefetch, "2", {"3", "4", "5"}), "2 #1");
  EXPECT_EQ(ask(prefetch, "3", {"4", "5"}), "3 #1");
  EXPECT_EQ(ask(prefetch, "4", {"5"}), "4 #1");
  EXPECT_EQ(ask(prefetch, "5", {}), "5 #1");
  EXPECT_EQ(sent_, Targets({"1!", "2", "3", "4", "5"}));
  EXPECT_EQ(most_, 3);
  stop(prefetch);
}

TEST_F(PrefetchTest, AnswersKeepTheTimeAtWhichTheyArrived) {
  auto prefetch = make(2);
  auto const begin = time_.now();
  takes_["2"] = 50ms;
  takes_["1"] = 300ms;
  ask(prefetch, "1", {"2"});
  EXPECT_EQ(arrived_at_, begin + 300ms);
  ask(prefetch, "2", {});
  EXPECT_EQ(arrived_at_, begin + 50ms);
  EXPECT_EQ(time_.now(), begin + 300ms);
  stop(prefetch);
}

// While the answer to the first is awaited, at most twice the concurrency is under way or waits.
TEST_F(PrefetchTest, ASlowAnswerDoesNotLetTheOthersPileUp) {
  auto prefetch = make(2);
  takes_["1"] = 10s;
  ask(prefetch, "1", {"2", "3", "4", "5", "6", "7"});
  EXPECT_EQ(sent_, Targets({"1!", "2", "3", "4"}));
  stop(prefetch);
}

TEST_F(PrefetchTest, WhatIsNoLongerForeseenIsCancelledAndNeverUsed) {
  auto prefetch = make(3);
  takes_["2"] = 50ms;
  takes_["3"] = 10s;
  EXPECT_EQ(ask(prefetch, "1", {"2", "3"}), "1 #1");
  // The list has shifted: 2 was answered and 3 is under way, but both are asked for anew.
  EXPECT_EQ(ask(prefetch, "0", {}), "0 #1");
  EXPECT_EQ(cancelled_, Targets({"3"}));
  takes_.clear();
  EXPECT_EQ(ask(prefetch, "2", {"3"}), "2 #2");
  EXPECT_EQ(ask(prefetch, "3", {}), "3 #1");
  EXPECT_EQ(sent_, Targets({"1!", "2", "3", "0!", "2!", "3"}));
  EXPECT_EQ(budget_->held, 0u);
  stop(prefetch);
}

// Another page of a list comes first: what was sent of the lists behind it is still needed.
TEST_F(PrefetchTest, WhatIsNeededLaterIsKeptAndNotSent) {
  auto prefetch = make(3);
  takes_["b"] = 50ms;
  takes_["c"] = 10s;
  EXPECT_EQ(ask(prefetch, "a", {"b", "c"}), "a #1");
  EXPECT_EQ(ask(prefetch, "a2", {}, {"b", "c", "d"}), "a2 #1");
  EXPECT_EQ(ask(prefetch, "b", {"c", "d"}), "b #1");
  EXPECT_EQ(ask(prefetch, "c", {"d"}), "c #1");
  EXPECT_EQ(ask(prefetch, "d", {}), "d #1");
  EXPECT_EQ(cancelled_, Targets());
  EXPECT_EQ(sent_, Targets({"a!", "b", "c", "a2!", "d"}));
  EXPECT_EQ(budget_->held, 0u);
  stop(prefetch);
}

TEST_F(PrefetchTest, WhatIsKeptForLaterTakesNoPlaceOfWhatFollows) {
  auto prefetch = make(2);
  takes_["a"] = 1s;
  ask(prefetch, "a", {"b", "c", "d"});
  EXPECT_EQ(sent_, Targets({"a!", "b", "c", "d"}));
  takes_["a2"] = 1s;
  ask(prefetch, "a2", {"a3", "a4", "a5"}, {"b", "c", "d"});
  EXPECT_EQ(Targets(sent_.begin() + 4, sent_.end()), Targets({"a2!", "a3", "a4", "a5"}));
  // Where memory is short, what is kept makes room.
  bytes_ = 30;
  budget_->most = 60;
  ask(prefetch, "a3", {"a4", "a5", "a6"}, {"b", "c", "d"});
  ask(prefetch, "a4", {"a5", "a6"}, {"b", "c", "d"});
  ask(prefetch, "a5", {"a6"}, {"b", "c", "d"});
  EXPECT_EQ(ask(prefetch, "a6", {}, {"b", "c", "d"}), "a6 #1");
  EXPECT_EQ(ask(prefetch, "b", {"c"}, {"d"}), "b #1");
  EXPECT_EQ(answers_["d"], 1);
  ask(prefetch, "d", {});
  EXPECT_EQ(answers_["d"], 2) << "the last of them was given up";
  stop(prefetch);
}

// The next value may be one that the broker does not know.
TEST_F(PrefetchTest, AFailureThatIsKeptForLaterHoldsUpNothingBeforeIt) {
  auto prefetch = make(2);
  fails_["b"] = 1;
  takes_["a"] = takes_["a2"] = 1s;
  ask(prefetch, "a", {"b"});
  ask(prefetch, "a2", {"a3"}, {"b"});
  EXPECT_EQ(sent_, Targets({"a!", "b", "a2!", "a3"}));
  EXPECT_EQ(ask(prefetch, "a3", {}, {"b"}), "a3 #1");
  EXPECT_EQ(ask(prefetch, "b", {}), "bad_request");
  EXPECT_EQ(std::ranges::count(sent_, "b"), 1);
  stop(prefetch);
}

TEST_F(PrefetchTest, WhatIsKeptForLaterIsAskedForAnewAfterSomeMinutes) {
  auto prefetch = make(2);
  ask(prefetch, "a", {"b"});
  takes_["a2"] = 4min;
  ask(prefetch, "a2", {}, {"b"});
  takes_["a3"] = 2min;
  ask(prefetch, "a3", {}, {"b"});
  EXPECT_EQ(ask(prefetch, "a4", {}, {"b"}), "a4 #1");
  EXPECT_EQ(ask(prefetch, "b", {}), "b #2");
  stop(prefetch);
}

TEST_F(PrefetchTest, NothingIsSentAheadWhileTooMuchWaits) {
  budget_->most = 1000;
  bytes_ = 400;
  auto prefetch = make(4);
  ask(prefetch, "1", {});
  takes_["2"] = 1s;
  ask(prefetch, "2", {"3", "4", "5", "6"});
  // There is room for two answers of 400 bytes; one of them is the answer that is asked for.
  EXPECT_EQ(sent_, Targets({"1!", "2!", "3"}));
  EXPECT_EQ(budget_->held, 400u);
  // What is asked for is always sent.
  budget_->most = 0;
  ask(prefetch, "3", {"4", "5"});
  ask(prefetch, "4", {"5"});
  ask(prefetch, "5", {});
  EXPECT_EQ(sent_.back(), "5!");
  EXPECT_EQ(budget_->held, 0u);
  stop(prefetch);
}

TEST_F(PrefetchTest, TheBudgetIsThatOfAllRuns) {
  budget_->most = 100;
  budget_->held = 95;  // by another run
  auto prefetch = make(4);
  ask(prefetch, "1", {});
  ask(prefetch, "2", {"3", "4"});
  EXPECT_EQ(sent_, Targets({"1!", "2!"}));
  stop(prefetch);
  EXPECT_EQ(budget_->held, 95u);
}

// Two runs that begin at the same time must not both take what is left.
TEST_F(PrefetchTest, WhatIsUnderWayCountsForAllRunsBeforeItArrives) {
  budget_->most = 1000;
  bytes_ = 300;
  auto one = make(8), other = make(8);
  ask(one, "a", {});
  ask(other, "A", {});
  takes_["b"] = 10s;
  auto waits = asked(one, "b", {"c", "d", "e"});
  asio::co_spawn(io_, std::move(waits), asio::detached);
  io_.restart();
  while (io_.poll() > 0) {
  }
  EXPECT_EQ(sent_, Targets({"a!", "A!", "b!", "c", "d"}));
  EXPECT_EQ(budget_->held, 900u);
  ask(other, "B", {"C"});
  EXPECT_EQ(sent_, Targets({"a!", "A!", "b!", "c", "d", "B!"})) << "C has no room";
  stop(one);
  stop(other);
  EXPECT_EQ(budget_->held, 0u);
}

TEST_F(PrefetchTest, ARunWithSmallPagesIsNotHeldUpByOthers) {
  budget_->most = 100;
  budget_->held = 100;  // by another run
  budget_->always_for_a_run = 35;
  auto prefetch = make(8);
  ask(prefetch, "1", {});
  ask(prefetch, "2", {"3", "4", "5"});
  EXPECT_EQ(sent_, Targets({"1!", "2!", "3", "4"})) << "three answers of 10 bytes";
  stop(prefetch);
  EXPECT_EQ(budget_->held, 100u);
}

TEST_F(PrefetchTest, ARefusalCountsOnlyWhenItsAnswerIsAskedFor) {
  auto prefetch = make(2);
  fails_["2"] = 1;
  takes_["1"] = 1s;
  EXPECT_EQ(ask(prefetch, "1", {"2", "3", "4"}), "1 #1");
  // Behind a refusal nothing more is sent ahead.
  EXPECT_EQ(sent_, Targets({"1!", "2"}));
  EXPECT_EQ(ask(prefetch, "2", {"3"}), "bad_request");
  EXPECT_EQ(ask(prefetch, "3", {}), "3 #1");
  stop(prefetch);
}

// Some brokers do not bear several requests at once.
TEST_F(PrefetchTest, AFailureAheadIsTriedOnceMoreByItselfAndThenOneByOne) {
  auto prefetch = make(3);
  error_ = ErrorCode::server_error;
  fails_["2"] = 1;
  EXPECT_EQ(ask(prefetch, "1", {"2", "3", "4"}), "1 #1");
  EXPECT_EQ(ask(prefetch, "2", {"3", "4"}), "2 #1");
  EXPECT_EQ(ask(prefetch, "3", {"4", "5"}), "3 #1");
  EXPECT_EQ(ask(prefetch, "4", {"5"}), "4 #1");
  auto const again = std::ranges::find(sent_, "2!");
  ASSERT_NE(again, sent_.end());
  EXPECT_EQ(Targets(again, sent_.end()), Targets({"2!", "3!", "4!"}));
  stop(prefetch);
}

TEST_F(PrefetchTest, AFailureOfWhatIsAskedForIsFinal) {
  auto prefetch = make(3);
  error_ = ErrorCode::server_error;
  fails_["1"] = 1;
  EXPECT_EQ(ask(prefetch, "1", {"2"}), "server_error");
  EXPECT_EQ(std::ranges::count(sent_, "1!"), 1);
  stop(prefetch);
}

TEST_F(PrefetchTest, StopCancelsWhatIsUnderWay) {
  auto prefetch = make(3);
  takes_["2"] = takes_["3"] = 1h;
  ask(prefetch, "1", {"2", "3", "4"});
  auto const before = time_.now();
  stop(prefetch);
  EXPECT_EQ(time_.now(), before);
  EXPECT_EQ(cancelled_.size(), 3u);
  EXPECT_EQ(under_way_, 0);
}

TEST_F(PrefetchTest, ACancelledWaitThrowsAndTheRestEndsAtStop) {
  auto prefetch = make(2);
  takes_["1"] = takes_["2"] = 1h;
  asio::cancellation_signal signal;
  bool aborted = false;
  auto wait = asked(prefetch, "1", {"2"});
  auto on_end = [&](std::exception_ptr thrown, std::string const&) { aborted = thrown != nullptr; };
  asio::co_spawn(io_, std::move(wait), asio::bind_cancellation_slot(signal.slot(), on_end));
  while (io_.poll() > 0) {
  }
  EXPECT_EQ(under_way_, 2);
  signal.emit(asio::cancellation_type::terminal);
  io_.restart();
  while (io_.poll() > 0) {
  }
  EXPECT_TRUE(aborted);
  stop(prefetch);
  EXPECT_EQ(under_way_, 0);
}

// Reads by POST may differ in their bodies alone.
TEST_F(PrefetchTest, ABodyTellsRequestsApart) {
  auto prefetch = make(4);
  auto const post = [](std::string body) {
    HttpRequest request(Method::post, "/report");
    request.body = std::move(body);
    return request;
  };
  auto const ask_for = [&](std::string body, std::string ahead) -> asio::awaitable<std::string> {
    std::vector<HttpRequest> following{post(std::move(ahead))};
    auto const got = co_await prefetch.answer_to(post(std::move(body)), std::move(following));
    co_return got.answer->body.as_string();
  };
  EXPECT_EQ(time_.run(io_, ask_for("{1}", "{2}")), "/report #1");
  EXPECT_EQ(time_.run(io_, ask_for("{2}", "{3}")), "/report #2");
  // What was foreseen as {3} is not an answer to {4}.
  EXPECT_EQ(time_.run(io_, ask_for("{4}", "{5}")).substr(0, 7), "/report");
  EXPECT_EQ(std::ranges::count(sent_, "/report!"), 2) << "the first one and {4}";
  stop(prefetch);
}

}  // namespace
}  // namespace affsync::sync::prefetch_test
