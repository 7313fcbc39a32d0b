// Paging over lists that move, report wrong values and misbehave.
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::paging_test {
namespace {

std::set<std::string> ids_of(ListServer const& server) {
  return {server.ids.begin(), server.ids.end()};
}

TEST(Paging, ReadsEveryRowOnceAndVerifiesTheCount) {
  auto server = ListServer::with(250);
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error);
  EXPECT_EQ(pass.ids(), ids_of(server));
  EXPECT_EQ(pass.rows_read, 250);
  EXPECT_EQ(server.offsets, (std::vector<std::int64_t>{0, 99, 198}));
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_TRUE(pass.ends[0].markable);
  EXPECT_FALSE(pass.ends[0].resumed);
  EXPECT_FALSE(pass.ends[0].doubt);
  EXPECT_EQ(pass.ends[0].broker_count, 250);
  EXPECT_EQ(pass.ends[0].seen_keys.size(), 250u);
}

TEST(Paging, SeenKeysOfASliceAreSortedHashesOfTheExternalIds) {
  auto server = ListServer::with(5);
  auto const pass = read_all(list_plan(3, 1), server);
  std::vector<std::uint64_t> expected;
  for (auto const& id : server.ids) expected.push_back(hash_key(id));
  std::sort(expected.begin(), expected.end());
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_EQ(pass.ends[0].seen_keys, expected);
}

TEST(Paging, AShortListWithATotalCostsOneRequest) {
  auto server = ListServer::with(7);
  auto const pass = read_all(list_plan(100, 1), server);
  EXPECT_EQ(server.requests, 1);
  EXPECT_EQ(pass.rows_read, 7);
}

TEST(Paging, AnEmptyListWithTotalZeroIsASuccess) {
  auto server = ListServer::with(0);
  auto const pass = read_all(list_plan(100, 1), server);
  EXPECT_FALSE(pass.error);
  EXPECT_EQ(server.requests, 1);
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_TRUE(pass.ends[0].markable);
}

TEST(Paging, AnEmptyListWithoutTotalIsASuccess) {
  auto server = ListServer::with(0);
  server.tells_total = false;
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_TRUE(pass.ends[0].markable);
  EXPECT_FALSE(pass.ends[0].broker_count);
}

TEST(Paging, WithoutATotalReadsUntilOnlyTheOverlapComes) {
  auto server = ListServer::with(250);
  server.tells_total = false;
  auto const pass = read_all(list_plan(100, 2), server);
  ASSERT_FALSE(pass.error);
  EXPECT_EQ(pass.ids().size(), 250u);
  EXPECT_EQ(server.offsets, (std::vector<std::int64_t>{0, 98, 196, 248}));
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_TRUE(pass.ends[0].markable);
}

TEST(Paging, WithoutATotalAListOfExactlyOnePageEndsToo) {
  for (int const count : {1, 2, 99, 100, 101}) {
    auto server = ListServer::with(count);
    server.tells_total = false;
    auto const pass = read_all(list_plan(100, 1), server);
    EXPECT_FALSE(pass.error) << count;
    EXPECT_EQ(pass.rows_read, count);
    EXPECT_LE(server.requests, 3);
  }
}

TEST(Paging, AServerThatCapsPagesIsFollowedByRowsReceived) {
  auto server = ListServer::with(1000);
  server.cap = 100;
  auto const pass = read_all(list_plan(500, 1), server);
  ASSERT_FALSE(pass.error);
  EXPECT_EQ(pass.ids(), ids_of(server));
  EXPECT_EQ(server.offsets[1], 99);
}

TEST(Paging, ACapNotAboveTheOverlapStillReachesTheEnd) {
  for (std::size_t const cap : {1u, 2u, 3u, 4u}) {
    for (bool const tells_total : {true, false}) {
      auto server = ListServer::with(20);
      server.cap = cap;
      server.tells_total = tells_total;
      auto const pass = read_all(list_plan(100, 3), server);
      EXPECT_FALSE(pass.error) << cap << (pass.error ? pass.error->message : "");
      EXPECT_EQ(pass.ids(), ids_of(server)) << cap;
    }
  }
}

TEST(Paging, ATotalThatIsTooLowIsNoticedAfterAFullPage) {
  auto server = ListServer::with(150);
  server.total_of = [](std::int64_t) { return 100; };
  auto const pass = read_all(list_plan(100, 1), server);
  EXPECT_EQ(pass.ids().size(), 150u);
  ASSERT_EQ(pass.ends.size(), 1u);
  ASSERT_TRUE(pass.ends[0].doubt);
  EXPECT_FALSE(pass.ends[0].markable);
}

TEST(Paging, ATotalThatIsTooLowIsNoticedBehindACapToo) {
  auto server = ListServer::with(250);
  server.cap = 50;
  server.total_of = [](std::int64_t) { return 100; };
  auto const pass = read_all(list_plan(100, 1), server);
  EXPECT_EQ(pass.ids().size(), 250u);
}

TEST(Paging, ATotalThatIsTooHighIsDoubtedAfterASecondReading) {
  auto server = ListServer::with(150);
  server.total_of = [](std::int64_t count) { return count + 5; };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error);
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_FALSE(pass.ends[0].markable);
  ASSERT_TRUE(pass.ends[0].doubt);
  EXPECT_EQ(pass.ends[0].doubt->code, ErrorCode::sweep_unverified);
  EXPECT_EQ(pass.ends[0].doubt->text, "150 distinct rows, but the broker counts 155");
  EXPECT_EQ(std::count(server.offsets.begin(), server.offsets.end(), 0), 2);
  // Rows that the second reading returns again do not count as read.
  EXPECT_EQ(pass.rows_read, 150);
}

TEST(Paging, SweepsAtMostThreeTimes) {
  auto server = ListServer::with(30);
  int lie = 0;
  server.total_of = [&](std::int64_t count) { return count + 1 + lie++ % 7; };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_TRUE(pass.ends[0].doubt);
  EXPECT_EQ(std::count(server.offsets.begin(), server.offsets.end(), 0), 3);
}

TEST(Paging, ARowInsertedBehindUsIsFoundByTheSecondSweep) {
  auto server = ListServer::with(250);
  server.before_answer = [&](int request) {
    if (request == 2) server.ids.insert(server.ids.begin() + 3, "new");
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_EQ(pass.ends.size(), 1u);
  EXPECT_FALSE(pass.ends[0].doubt);
  EXPECT_TRUE(pass.ends[0].markable);
  EXPECT_TRUE(pass.ids().contains("new"));
  EXPECT_EQ(pass.rows_read, 251);
}

TEST(Paging, RowsDeletedBeforeUsShiftNothingOut) {
  auto server = ListServer::with(250);
  server.tells_total = false;  // so that no count reveals a lost row
  server.before_answer = [&](int request) {
    if (request == 2) server.ids.erase(server.ids.begin(), server.ids.begin() + 10);
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error);
  auto const ids = pass.ids();
  for (auto const& id : server.ids) EXPECT_TRUE(ids.contains(id)) << id;
}

TEST(Paging, AMassDeletionBeforeUsIsFollowedBack) {
  auto server = ListServer::with(5000);
  server.tells_total = false;
  server.before_answer = [&](int request) {
    if (request == 40) server.ids.erase(server.ids.begin(), server.ids.begin() + 3500);
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  auto const ids = pass.ids();
  for (auto const& id : server.ids) EXPECT_TRUE(ids.contains(id)) << id;
}

TEST(Paging, AListThatShrinksBelowUsIsReadFromAnEarlierRow) {
  auto server = ListServer::with(103);
  server.tells_total = false;
  server.before_answer = [&](int request) {
    // Rows 100 to 102 are unread; the list is now shorter than the current offset.
    if (request == 2) server.ids.erase(server.ids.begin(), server.ids.begin() + 8);
  };
  auto const pass = read_all(list_plan(100, 1), server);
  EXPECT_TRUE(pass.ids().contains("r102"));
}

TEST(Paging, RowsOfAPageThatDoesNotFitAreNotStored) {
  auto server = ListServer::with(300);
  server.before_answer = [&](int request) {
    if (request == 2) server.ids.erase(server.ids.begin(), server.ids.begin() + 10);
  };
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(std::make_shared<StreamPlan const>(list_plan(100, 1)), start);
  auto first = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
  auto second = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->batches.at(0).empty());
  EXPECT_EQ(second->rows_read, 0);
  EXPECT_EQ(second->checkpoint, first->checkpoint);
  EXPECT_EQ(query_of(*reader.next_request()).at("offset"), "0");
}

TEST(Paging, AListThatKeepsShiftingIsAnError) {
  auto server = ListServer::with(1000);
  std::mt19937 random(7);
  server.before_answer = [&](int) {
    // No stable order: every page finds other rows everywhere.
    for (auto& id : server.ids) id = "x" + std::to_string(random());
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(pass.error->code, ErrorCode::paging_broken);
  EXPECT_NE(pass.error->message.find("keeps shifting"), std::string::npos);
  EXPECT_FALSE(pass.error->hint.empty());
}

TEST(Paging, AnIgnoredOffsetIsAnErrorWithinTwoExtraRequests) {
  for (bool const tells_total : {true, false}) {
    for (std::size_t const cap : {1000u, 40u}) {
      auto server = ListServer::with(500);
      server.ignores_offset = true;
      server.tells_total = tells_total;
      server.cap = cap;
      auto const pass = read_all(list_plan(100, 1), server);
      ASSERT_TRUE(pass.error) << cap;
      EXPECT_EQ(pass.error->code, ErrorCode::paging_broken);
      EXPECT_EQ(server.requests, 3);
      EXPECT_NE(pass.error->message.find("offset"), std::string::npos);
    }
  }
}

TEST(Paging, AnIgnoredOffsetWithoutOverlapIsAnErrorToo) {
  auto server = ListServer::with(500);
  server.ignores_offset = true;
  server.tells_total = false;
  server.cap = 40;
  auto const pass = read_all(list_plan(100, 0), server);
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(server.requests, 3);
}

TEST(Paging, ATotalThatGrowsWithEveryRequestDoesNotLoop) {
  auto server = ListServer::with(500);
  server.ignores_offset = true;
  std::int64_t total = 1000;
  server.total_of = [&](std::int64_t) { return total += 1000; };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(server.requests, 3);
}

TEST(Paging, AWholeListForEveryRequestIsTakenWhenTheTotalConfirmsIt) {
  auto server = ListServer::with(700);
  server.ignores_offset = server.ignores_limit = true;
  auto const pass = read_all(list_plan(10, 1), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  EXPECT_EQ(pass.ids().size(), 700u);
  EXPECT_LE(server.requests, 3);
  EXPECT_TRUE(pass.ends.at(0).markable);
}

TEST(Paging, AWholeListWithoutTotalIsNotTrusted) {
  auto server = ListServer::with(700);
  server.ignores_offset = server.ignores_limit = true;
  server.tells_total = false;
  auto const pass = read_all(list_plan(10, 1), server);
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(pass.error->code, ErrorCode::paging_broken);
  EXPECT_EQ(server.requests, 3);
  EXPECT_EQ(pass.ids().size(), 700u);
}

TEST(Paging, AServerThatStopsAtSomeOffsetDoesNotLoop) {
  struct Stopping : ListServer {
    Answer answer(HttpRequest const& request) {
      auto const offset = std::stoul(query_of(request).at("offset"));
      auto const all = ids;
      if (offset >= 400) ids.clear();
      total_of = [](std::int64_t) { return 1000; };
      auto out = ListServer::answer(request);
      ids = all;
      return out;
    }
  } server;
  server.ids = ListServer::with(1000).ids;
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(pass.error->code, ErrorCode::paging_broken);
  EXPECT_LE(server.requests, 12);
}

TEST(Paging, ManyRowsPutInFrontDoNotLookLikeABrokenOffset) {
  auto server = ListServer::with(600);
  server.before_answer = [&](int request) {
    if (request != 4) return;
    // When the fourth page is requested, its offset points to row 48, and later to row 147.
    for (int i = 0; i < 250; ++i) server.ids.insert(server.ids.begin(), "n" + std::to_string(i));
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  EXPECT_EQ(pass.ids(), ids_of(server));
  EXPECT_FALSE(pass.ends.at(0).doubt);
}

TEST(Paging, APageOfKnownRowsBehindACapIsNotTheEnd) {
  auto server = ListServer::with(100);
  server.tells_total = false;
  server.cap = 10;  // 100 are requested, so each page looks short
  server.before_answer = [&](int request) {
    if (request != 2) return;
    for (int i = 0; i < 12; ++i) server.ids.insert(server.ids.begin(), "n" + std::to_string(i));
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error);
  EXPECT_TRUE(pass.ids().contains("r99"));
}

TEST(Paging, AServerThatGivesItsLastPageForAnyLaterOffsetIsReadToTheEnd) {
  struct Clamping : ListServer {
    Answer answer(HttpRequest const& request) {
      auto copy = request;
      auto const at = copy.target.rfind("offset=") + 7;
      if (std::stoul(copy.target.substr(at)) >= 198) copy.target.replace(at, 10, "198");
      return ListServer::answer(copy);
    }
  } server;
  server.ids = ListServer::with(230).ids;
  server.tells_total = false;
  auto const pass = read_all(list_plan(100, 1), server);
  EXPECT_FALSE(pass.error);
  EXPECT_EQ(pass.ids().size(), 230u);
}

TEST(Paging, ARepeatedKeyIsToldInTheDoubt) {
  auto server = ListServer::with(50);
  server.ids[30] = server.ids[10];
  auto const pass = read_all(list_plan(20, 1), server);
  ASSERT_EQ(pass.ends.size(), 1u);
  ASSERT_TRUE(pass.ends[0].doubt);
  EXPECT_NE(pass.ends[0].doubt->text.find("the key may not be unique"), std::string::npos);
}

TEST(Paging, AnOverlapOnlyPageEndsAListThatGrewFromASingleRow) {
  auto server = ListServer::with(1);
  server.tells_total = false;
  server.before_answer = [&](int request) {
    if (request == 2) server.ids.insert(server.ids.end(), {"a", "b", "c", "d"});
  };
  auto const pass = read_all(list_plan(100, 1), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  EXPECT_EQ(pass.ids(), ids_of(server));
}

TEST(Paging, PageTypeNoneIsOneRequestAndItsCountIsCompared) {
  auto plan = list_plan(100, 1);
  plan.spec->page.kind = SingleAnswer{};
  plan.spec->page.size.reset();
  struct Plain {
    int requests = 0;
    std::string text;
    Answer answer(HttpRequest const& request) {
      ++requests;
      EXPECT_EQ(request.target, "/api/rewards/");
      Answer out;
      out.body = parse_json(text).value();
      return out;
    }
  } server;
  server.text = R"({"data":[{"id":1},{"id":2}],"totals":{"count":2}})";
  auto const good = read_all(plan, server);
  EXPECT_EQ(server.requests, 1);
  EXPECT_EQ(good.ids(), (std::set<std::string>{"1", "2"}));
  EXPECT_TRUE(good.ends.at(0).markable);

  server.text = R"({"data":[{"id":1},{"id":2}],"totals":{"count":400}})";
  auto const cut = read_all(plan, server);
  EXPECT_EQ(server.requests, 2);
  EXPECT_TRUE(cut.ends.at(0).doubt);
  EXPECT_FALSE(cut.ends.at(0).markable);
}

// Rows that stay in the list from the first request to the last are read, whatever else changes.
// Without a total, so that no count can hide a loss.
TEST(Paging, RowsThatStayAreReadWhileOthersComeAndGo) {
  unsigned const seeds = 400;
  unsigned given_up = 0;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    std::mt19937 random(seed);
    auto const pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    auto server = ListServer::with(pick(0, 120));
    server.tells_total = seed % 2 == 0;
    server.cap = static_cast<std::size_t>(pick(2, 30));
    int const size = pick(2, 30), overlap = pick(1, 4);
    std::set<std::string> gone;
    int made = 0;
    int const changes_at_most = pick(0, 12);
    int changed = 0;
    server.before_answer = [&](int) {
      // Few enough changes that the list can be read at all.
      if (changed >= 60 || pick(0, 2) != 0) return;
      for (int n = pick(0, changes_at_most); n > 0; --n, ++changed) {
        if (pick(0, 1) == 0 && !server.ids.empty()) {
          auto const at_row = pick(0, static_cast<int>(server.ids.size()) - 1);
          gone.insert(server.ids[static_cast<std::size_t>(at_row)]);
          server.ids.erase(server.ids.begin() + at_row);
        } else {
          auto const at_row = pick(0, static_cast<int>(server.ids.size()));
          server.ids.insert(server.ids.begin() + at_row, "n" + std::to_string(made++));
        }
      }
    };
    auto const initial = server.ids;
    auto const pass = read_all(list_plan(size, overlap), server);
    if (pass.error) {
      // Failing with an error is allowed, losing a row is not. Small pages fail if more rows than
      // two pages hold are inserted at the front between two requests.
      EXPECT_EQ(pass.error->code, ErrorCode::paging_broken);
      ++given_up;
      continue;
    }
    auto const ids = pass.ids();
    for (auto const& id : initial) {
      bool const lost = !gone.contains(id) && !ids.contains(id);
      EXPECT_FALSE(lost) << "seed " << seed << " " << id;
    }
    if (HasFailure()) return;
  }
  EXPECT_LT(given_up, seeds / 10) << "without this limit, a reader that always fails would pass";
}

TEST(Paging, AQuietListIsAlwaysReadAndVerifiedWhateverItsSizes) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    auto const pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    auto server = ListServer::with(pick(0, 100));
    server.tells_total = pick(0, 1) == 0;
    server.cap = static_cast<std::size_t>(pick(1, 40));
    auto const pass = read_all(list_plan(pick(1, 40), pick(0, 5)), server);
    ASSERT_FALSE(pass.error) << seed << ": " << pass.error->message;
    EXPECT_EQ(pass.ids(), ids_of(server)) << seed;
    EXPECT_EQ(pass.rows_read, static_cast<std::int64_t>(server.ids.size()));
    ASSERT_EQ(pass.ends.size(), 1u);
    EXPECT_TRUE(pass.ends[0].markable) << seed;
  }
}

}  // namespace
}  // namespace affsync::engine::paging_test
