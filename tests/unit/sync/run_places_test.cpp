#include "daemon/sync/run_places.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "daemon/sync/observer.hpp"
#include "tests/support/scripted_client.hpp"

namespace affsync::sync::run_places_test {
namespace {

class RunPlacesTest : public testing::Test {
 protected:
  using SessionPtr = RunPlaces::SessionPtr;

  // A source of one stream. `answers`: whether its broker does.
  SessionPtr source(std::shared_ptr<bool> answers) {
    engine::SourcePlan plan;
    plan.source = "broker " + std::to_string(++made_);
    plan.rate.requests_per_second = 100;
    plan.rate.concurrency = 1;
    SessionParts parts;
    parts.make_client = [this, answers] {
      auto script = [answers](HttpRequest const&) {
        if (!*answers) throw Failure(ErrorCode::timeout, "no answer");
        return test::json_response(200, "[]");
      };
      return std::make_unique<test::ScriptedClient>(time_, sent_, std::move(script));
    };
    parts.clock = &time_;
    parts.sleeper = &time_;
    parts.observer = &observer_;
    parts.random = [] { return 0.5; };
    return std::make_shared<SourceSession>(std::move(plan), std::move(parts), Logger(log_));
  }
  void ask(SourceSession& session) {
    RunReport report;
    (void)time_.run(io_, session.fetch(HttpRequest(Method::get, "/rows/"), report));
  }
  void begin(SessionPtr session) { runs_.emplace_back(places_, std::move(session)); }
  bool are_taken() const { return places_.are_taken(time_.now()); }
  bool has_place_for_silent() const { return places_.has_place_for_silent(time_.now()); }

  asio::io_context io_;
  test::ManualTime time_;
  test::SilentLog log_;
  Observer observer_;
  std::vector<test::SentRequest> sent_;
  int made_ = 0;
  RunPlaces places_{4};
  std::deque<RunPlaces::Place> runs_;
};

TEST_F(RunPlacesTest, ASourceHasAsManyAsItAllowsRequests) {
  auto const one = source(std::make_shared<bool>(true));
  EXPECT_TRUE(places_.has_place(one));
  begin(one);
  EXPECT_FALSE(places_.has_place(one));
  EXPECT_TRUE(places_.has_place(source(std::make_shared<bool>(true))));
}

TEST_F(RunPlacesTest, SilentBrokersLeaveHalfOfThemToOthers) {
  auto const answers = std::make_shared<bool>(false);
  std::vector<SessionPtr> silent;
  for (int i = 0; i < 4; ++i) begin(silent.emplace_back(source(answers)));
  EXPECT_TRUE(are_taken()) << "nobody knows yet";
  for (auto const& one : silent) {
    ask(*one);
    EXPECT_TRUE(one->is_silent());
  }
  EXPECT_FALSE(are_taken());
  EXPECT_FALSE(has_place_for_silent());
  begin(source(answers));
  begin(source(answers));
  EXPECT_TRUE(are_taken());

  runs_.clear();
  begin(silent[0]);
  EXPECT_TRUE(has_place_for_silent());
  begin(silent[1]);
  EXPECT_FALSE(has_place_for_silent());
  *answers = true;
  ask(*silent[1]);
  EXPECT_FALSE(silent[1]->is_silent());
  EXPECT_TRUE(has_place_for_silent());
}

}  // namespace
}  // namespace affsync::sync::run_places_test
