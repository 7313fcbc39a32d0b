// Query results for the pages: kept for a while, asked one after another, never lost by a failure.
#include "daemon/serve/readings.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "tests/unit/serve/fake_store.hpp"

namespace affsync::serve::readings_test {
namespace {

using namespace std::chrono_literals;

class FixedClock final : public Clock {
 public:
  TimePoint time = TimePoint(1'700'000'000s);
  TimePoint now() const override { return time; }
};

class ReadingsTest : public ::testing::Test {
 protected:
  ReadingsTest() : readings_(io_.get_executor(), store_, clock_) { give("1"); }

  void give(std::string const& value) {
    store_.table.columns = {"a"};
    store_.table.rows = {{value}};
  }
  std::future<std::vector<Reading>> start(std::vector<PageQuery> queries,
                                          std::chrono::milliseconds patience = 1h) {
    return asio::co_spawn(io_, readings_.read(std::move(queries), patience), asio::use_future);
  }
  template <class T>
  T end(std::future<T> result) {
    io_.restart();
    while (result.wait_for(0s) != std::future_status::ready) io_.run_one();
    return result.get();
  }
  std::vector<Reading> read(std::vector<std::string> const& texts,
                            std::chrono::milliseconds patience = 1h) {
    std::vector<PageQuery> queries;
    for (auto const& text : texts) queries.push_back(query(text.c_str()));
    return end(start(std::move(queries), patience));
  }
  static std::string value(Reading const& reading) {
    return reading.table ? reading.table->rows.at(0).at(0).value_or("null") : "none";
  }
  static PageQuery query(char const* text) { return PageQuery(text, PageQuery().parameters); }
  // Lets everything run that does not wait.
  void settle() {
    io_.restart();
    io_.poll();
  }

  asio::io_context io_;
  FixedClock clock_;
  FakeStore store_;
  Readings readings_;
};

TEST_F(ReadingsTest, AResultIsKeptForTenSeconds) {
  EXPECT_EQ(value(read({"q"})[0]), "1");
  give("2");
  clock_.time += 9s;
  auto const kept = read({"q"})[0];
  EXPECT_EQ(value(kept), "1");
  EXPECT_EQ(kept.known_at, clock_.time - 9s);
  EXPECT_EQ(store_.queries, 1);
  clock_.time += 1s;
  EXPECT_EQ(value(read({"q"})[0]), "2");
  EXPECT_EQ(store_.queries, 2);
}

TEST_F(ReadingsTest, OtherParametersAreAnotherQuery) {
  std::vector<std::optional<std::string>> const one{"x"}, none{std::nullopt}, text{"-"};
  end(start({PageQuery("q", one), PageQuery("q", none), PageQuery("q", text)}));
  EXPECT_EQ(store_.queries, 3);
}

TEST_F(ReadingsTest, AFailureLeavesTheLastResultStanding) {
  read({"q"});
  auto const known_at = clock_.time;
  store_.problem = Error(ErrorCode::database_error, "broken", "Mend it.");
  clock_.time += 10s;
  auto const reading = read({"q"})[0];
  EXPECT_EQ(value(reading), "1");
  EXPECT_EQ(reading.known_at, known_at);
  EXPECT_EQ(reading.problem->message, "broken");
  // It is not asked at once again.
  EXPECT_EQ(read({"q"})[0].problem->message, "broken");
  EXPECT_EQ(store_.queries, 2);
  store_.problem.reset();
  give("2");
  clock_.time += 10s;
  auto const mended = read({"q"})[0];
  EXPECT_EQ(value(mended), "2");
  EXPECT_FALSE(mended.problem);
}

TEST_F(ReadingsTest, ASlowQueryIsShownAsItWasAndTakenWhenItIsThere) {
  read({"q"});
  store_.holds_queries = true;
  give("2");
  clock_.time += 10s;
  EXPECT_EQ(value(read({"q"}, 0ms)[0]), "1");
  EXPECT_EQ(value(read({"q"}, 0ms)[0]), "1");
  EXPECT_EQ(store_.queries, 2);  // both wait for the same
  settle();
  store_.release();
  settle();
  EXPECT_EQ(value(read({"q"}, 0ms)[0]), "2");
}

TEST_F(ReadingsTest, WhatWasNeverKnownSaysSo) {
  store_.holds_queries = true;
  auto const reading = read({"q"}, 0ms)[0];
  EXPECT_FALSE(reading.table);
  EXPECT_EQ(reading.problem->code, ErrorCode::timeout);
  settle();
  store_.release();
  settle();
}

TEST_F(ReadingsTest, QueriesRunOneAfterAnother) {
  store_.holds_queries = true;
  auto first = start({query("a"), query("b")});
  auto report = asio::co_spawn(io_, readings_.read_once(query("c"), 1h), asio::use_future);
  for (auto const* running : {"a", "b", "c"}) {
    settle();
    EXPECT_EQ(store_.sql, running);
    store_.release();
  }
  end(std::move(first));
  EXPECT_TRUE(end(std::move(report)));
}

TEST_F(ReadingsTest, AReportThatTakesLongIsNotWaitedForEndlessly) {
  store_.holds_queries = true;
  auto report = asio::co_spawn(io_, readings_.read_once(query("c"), 0ms), asio::use_future);
  try {
    end(std::move(report));
    ADD_FAILURE() << "it was waited for";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::timeout);
  }
  settle();
  store_.release();
  settle();
}

TEST_F(ReadingsTest, WhatIsKnownIsThereWithoutAsking) {
  read({"q"});
  std::vector<PageQuery> const queries{query("q"), query("r")};
  clock_.time += 1h;
  auto const known = readings_.known(queries);
  EXPECT_EQ(value(known[0]), "1");
  EXPECT_EQ(value(known[1]), "none");
  EXPECT_EQ(store_.queries, 1);
}

}  // namespace
}  // namespace affsync::serve::readings_test
