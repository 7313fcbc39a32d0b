// What the count of a list proves about the rows that were read: by the kind of paging, the number
// of pages, and what the broker does between two of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::count_proof_test {
namespace {

SliceEnd end_of(StreamPlan const& plan, ListServer& server) {
  auto pass = read_all(plan, server);
  EXPECT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ends.size(), 1U);
  EXPECT_FALSE(pass.ends.at(0).doubt);
  return std::move(pass.ends.at(0));
}

CountProof proof_of(int rows, int size, int overlap) {
  auto server = ListServer::with(rows);
  return end_of(list_plan(size, overlap), server).proof;
}

bool has_seen(SliceEnd const& end, std::string const& id) {
  return std::ranges::binary_search(end.seen_keys, hash_key(id));
}

// Between the first page of ten and the second one, r3 goes and a row comes at the end.
void swap_once(ListServer& server) {
  server.before_answer = [&server](int request) {
    if (request != 2) return;
    std::erase(server.ids, "r3");
    server.ids.emplace_back("new");
  };
}

TEST(CountProofs, AreOfTheRowsIfTheseCameInOnePage) {
  for (int const overlap : {0, 1}) {
    EXPECT_EQ(proof_of(0, 10, overlap), CountProof::rows);
    EXPECT_EQ(proof_of(3, 10, overlap), CountProof::rows);
    EXPECT_EQ(proof_of(10, 10, overlap), CountProof::rows) << "it is asked for more, in vain";
  }
}

TEST(CountProofs, AreOfTheRowsIfPagesShareOne) {
  EXPECT_EQ(proof_of(25, 10, 1), CountProof::rows);
  EXPECT_EQ(proof_of(25, 10, 0), CountProof::number);
  EXPECT_EQ(proof_of(5, 1, 1), CountProof::number) << "a page of one row shares none";
}

TEST(CountProofs, AreNoneWithoutACount) {
  auto server = ListServer::with(5);
  server.tells_total = false;
  EXPECT_EQ(end_of(list_plan(10, 1), server).proof, CountProof::nothing);
}

// The count of a later answer may be that of a list that has moved since.
TEST(CountProofs, OfOnePageAreThoseOfItsOwnAnswer) {
  for (int const with_count : {1, 2}) {
    auto server = ListServer::with(10);
    server.before_answer = [&](int request) { server.tells_total = request == with_count; };
    EXPECT_EQ(end_of(list_plan(10, 0), server).proof,
              with_count == 1 ? CountProof::rows : CountProof::number);
  }
}

TEST(CountProofs, DoNotSayThatNoRowWasPassedOver) {
  auto server = ListServer::with(25);
  swap_once(server);
  auto const end = end_of(list_plan(10, 0), server);
  EXPECT_EQ(end.seen_keys.size(), 25U);
  EXPECT_EQ(end.broker_count, 25);
  EXPECT_FALSE(has_seen(end, "r10")) << "it moved to the first page";
  EXPECT_EQ(end.proof, CountProof::number);
}

TEST(CountProofs, OfPagesThatShareARowHoldAlsoIfTheListMoves) {
  auto server = ListServer::with(25);
  swap_once(server);
  auto const end = end_of(list_plan(10, 1), server);
  for (auto const& id : server.ids) EXPECT_TRUE(has_seen(end, id)) << id;
  EXPECT_FALSE(has_seen(end, "r3"));
  EXPECT_EQ(end.proof, CountProof::rows);
}

// Each part is a list of one page, and a row may go back to the one that was read already.
TEST(CountProofs, OfPartsAreOfTheNumberOnly) {
  auto plan = list_plan(10, 1);
  plan.spec->parts.resize(2);
  auto server = ListServer::with(3);
  EXPECT_EQ(end_of(plan, server).proof, CountProof::number);
}

// What a window that is replaced does not bring is deleted, so it is read until two readings agree.
TEST(CountProofs, OfAWindowThatIsReplacedComeFromTwoReadings) {
  auto plan = windowed_plan(10, 0, *parse_day("2026-06-01"), 31);
  plan.spec->replaces_window = true;
  auto server = ListServer::with(25);
  swap_once(server);
  auto const end = end_of(plan, server);
  for (auto const& id : server.ids) EXPECT_TRUE(has_seen(end, id)) << id;
  EXPECT_FALSE(has_seen(end, "r3"));
  EXPECT_EQ(end.proof, CountProof::rows);
  EXPECT_EQ(server.offsets, (std::vector<std::int64_t>{0, 10, 20, 0, 10, 20, 0, 10, 20}));
  // Nothing can be passed over in one page, or between pages that share a row.
  for (int const overlap : {0, 1}) {
    auto still = ListServer::with(overlap == 0 ? 10 : 15);
    plan.spec->page.kind = OffsetPaging{.overlap = overlap};
    EXPECT_EQ(end_of(plan, still).proof, CountProof::rows);
    EXPECT_EQ(still.requests, 2);
  }
}

// What comes meanwhile passes over no row: a list that grows all the time is not in doubt.
TEST(CountProofs, OfTwoReadingsAllowRowsThatCame) {
  auto plan = windowed_plan(10, 0, *parse_day("2026-06-01"), 31);
  plan.spec->replaces_window = true;
  auto server = ListServer::with(25);
  server.before_answer = [&server](int request) {
    if (request % 3 == 1) server.ids.push_back("new" + std::to_string(request));
  };
  auto const end = end_of(plan, server);
  EXPECT_EQ(server.requests, 6);
  EXPECT_EQ(end.seen_keys.size(), 27U);
  EXPECT_EQ(end.proof, CountProof::rows);
}

// In the first reading of several pages, nothing is known of when the next window is needed.
TEST(CountProofs, OfTwoReadingsDoNotAskForTheNextWindowInVain) {
  auto plan = windowed_plan(10, 0, *parse_day("2026-06-01"), 10);
  plan.spec->replaces_window = true;
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  auto server = ListServer::with(25);
  std::vector<std::size_t> of_next_window;
  for (int i = 0; i < 6; ++i) {
    auto const request = reader.next_request();
    ASSERT_TRUE(request);
    ASSERT_TRUE(reader.on_answer(server.answer(*request), start.now));
    auto const ahead = reader.foresee(8);
    of_next_window.push_back(
        static_cast<std::size_t>(std::ranges::count_if(ahead, [](HttpRequest const& one) {
          return one.target.find("date_from=2026-06-1") != std::string::npos;
        })));
  }
  EXPECT_EQ(of_next_window[0], 0U);
  EXPECT_EQ(of_next_window[1], 0U);
  EXPECT_EQ(of_next_window[4], 1U) << "in the second reading";
}

}  // namespace
}  // namespace affsync::engine::count_proof_test
