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
  std::future<Readings::Tables> report(std::vector<PageQuery> queries,
                                       std::chrono::milliseconds patience = 1h) {
    return asio::co_spawn(io_, readings_.read_once(std::move(queries), patience), asio::use_future);
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
  auto caller = report({query("c")});
  for (auto const* running : {"a", "b", "c"}) {
    settle();
    EXPECT_EQ(store_.sql, running);
    store_.release();
  }
  end(std::move(first));
  EXPECT_TRUE(end(std::move(caller)).at(0));
}

TEST_F(ReadingsTest, AReportThatTakesLongIsNotWaitedForEndlessly) {
  store_.holds_queries = true;
  auto caller = report({query("c")}, 0ms);
  try {
    end(std::move(caller));
    ADD_FAILURE() << "it was waited for";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::timeout);
  }
  settle();
  store_.release();
  settle();
}

// As many who ask for the same report as like to.
TEST_F(ReadingsTest, AReportIsReadOnceForAllWhoAskForItMeanwhile) {
  store_.holds_queries = true;
  std::vector<std::future<Readings::Tables>> callers;
  for (int i = 0; i < 100; ++i) callers.push_back(report({query("c"), query("notes")}));
  for (auto const* running : {"c", "notes"}) {
    settle();
    EXPECT_EQ(store_.sql, running);
    store_.release();
  }
  for (auto& caller : callers) EXPECT_EQ(end(std::move(caller)).size(), 2U);
  EXPECT_EQ(store_.queries, 2);
  store_.holds_queries = false;
  end(report({query("c")}));
  EXPECT_EQ(store_.queries, 3);  // nothing is kept
}

TEST_F(ReadingsTest, AReportThatNobodyWaitsForIsLeftOut) {
  store_.holds_queries = true;
  auto first = report({query("a")});
  settle();
  EXPECT_THROW(end(report({query("left")}, 0ms)), Failure);
  auto last = report({query("b")});
  settle();
  store_.release();
  settle();
  EXPECT_EQ(store_.sql, "b");
  store_.release();
  end(std::move(first));
  end(std::move(last));
  EXPECT_EQ(store_.queries, 2);
}

TEST_F(ReadingsTest, MoreReportsThanMayWaitAreRefusedAtOnce) {
  store_.holds_queries = true;
  auto running = report({query("a")});
  std::vector<std::future<Readings::Tables>> waiting;
  for (int i = 0; i < 16; ++i) waiting.push_back(report({query(std::to_string(i).c_str())}));
  settle();
  try {
    end(report({query("one more")}));
    ADD_FAILURE() << "it was taken";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::throttled);
  }
  // One that is asked for already is no more, and a page is read all the same, before the reports.
  auto same = report({query("15")});
  auto page = start({query("page")});
  settle();
  store_.release();
  settle();
  EXPECT_EQ(store_.sql, "page");
  store_.holds_queries = false;
  store_.release();
  EXPECT_EQ(value(end(std::move(page)).at(0)), "1");
  EXPECT_EQ(end(std::move(same)).size(), 1U);
  end(std::move(running));
  for (auto& one : waiting) end(std::move(one));
  EXPECT_EQ(store_.queries, 18);
}

// Pages with other parameters each time, as of a program that walks through old runs.
TEST_F(ReadingsTest, NoMorePagesWaitThanAreKept) {
  store_.holds_queries = true;
  read({"running"}, 0ms);
  for (int i = 0; i < 1000; ++i) read({std::to_string(i)}, 0ms);
  store_.holds_queries = false;
  store_.release();
  settle();
  EXPECT_EQ(store_.queries, 201);
}

TEST_F(ReadingsTest, WhatIsKnownIsThereWithoutAsking) {
  read({"q"});
  std::vector<PageQuery> const queries{query("q"), query("r")};
  clock_.time += 1h;
  Error const gone(ErrorCode::database_unavailable, "gone");
  auto const known = readings_.known(queries, gone);
  EXPECT_EQ(value(known[0]), "1");
  EXPECT_EQ(value(known[1]), "none");
  EXPECT_EQ(known[0].problem->message, "gone");
  EXPECT_EQ(store_.queries, 1);
}

}  // namespace
}  // namespace affsync::serve::readings_test
