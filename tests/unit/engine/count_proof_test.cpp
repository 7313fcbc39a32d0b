// What the count of a list proves about the rows that were read: by the kind of paging, the number
// of pages, and what the broker does between two of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

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

// What the database said, slice by slice, of a full pass over days that were read before.
struct KnownDays : testing::Test {
  StreamPlan plan = windowed_plan(10, 0, *parse_day("2026-06-01"), 5);
  ListServer server = ListServer::with(25);
  ReaderStart start;

  KnownDays() {
    plan.spec->replaces_window = true;
    plan.spec->window->form = WindowForm::epoch_milliseconds;
    start.now = at("2026-06-15");
    StreamReader first(std::make_shared<StreamPlan const>(plan), start);
    run(first, server, start.now);
    start.cursor = first.final_checkpoint();
    start.mode = ReadMode::full;
    start.has_database = true;
    server.requests = 0;
  }

  // Reads until the pass has ended. `again`: the slices, from 0, of which the database has a row
  // that the first reading lacks.
  std::vector<SliceEnd> read(std::set<int> again) {
    StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
    std::vector<SliceEnd> ends;
    int closed = 0;
    while (auto const request = reader.next_request()) {
      auto page = reader.on_answer(server.answer(*request), start.now);
      if (!page || ends.size() > 20) {
        ADD_FAILURE() << (page ? "no end" : page.error().to_line());
        break;
      }
      EXPECT_EQ(reader.awaits_closed(), page->slice_end && page->slice_end->read_once);
      if (!page->slice_end) continue;
      ends.push_back(std::move(*page->slice_end));
      bool const is_refuted = reader.awaits_closed() && again.erase(closed) > 0;
      if (!is_refuted) ++closed;
      if (reader.awaits_closed()) reader.on_closed(is_refuted);
    }
    return ends;
  }
};

TEST_F(KnownDays, AreReadOnceIfTheDatabaseLacksNothing) {
  auto const ends = read({});
  ASSERT_EQ(ends.size(), 3U);
  for (auto const& end : ends) {
    EXPECT_TRUE(end.read_once);
    EXPECT_FALSE(end.has_equal_rows);
    EXPECT_EQ(end.seen_keys.size(), 25U);
  }
  EXPECT_EQ(server.requests, 9);
}

TEST_F(KnownDays, AreReadAgainIfTheReadingLacksARow) {
  auto const ends = read({1});
  ASSERT_EQ(ends.size(), 4U);
  EXPECT_TRUE(ends[1].read_once);
  EXPECT_FALSE(ends[2].read_once) << "two readings agree";
  EXPECT_EQ(ends[1].slice, ends[2].slice);
  EXPECT_TRUE(ends[3].read_once);
  EXPECT_EQ(server.requests, 12);
  // Both readings know what the slice before has seen, and so does the slice after them.
  for (auto const i : {1, 2, 3}) {
    ASSERT_TRUE(ends[i].shared) << i;
    EXPECT_TRUE(ends[i].shared->has_day_before) << i;
    EXPECT_EQ(ends[i].shared->seen_before, ends[0].seen_keys) << i;
    EXPECT_EQ(ends[i].shared->goes_on, i < 3) << i;
  }
}

TEST_F(KnownDays, AreReadTwiceWithoutADatabaseOrIfTheyAreNotKnown) {
  start.has_database = false;
  EXPECT_FALSE(read({})[0].read_once);
  EXPECT_EQ(server.requests, 18);
  start.has_database = true;
  start.cursor.clear();
  server.requests = 0;
  EXPECT_FALSE(read({})[0].read_once);
  // The first five days are long past: a count is enough of them.
  EXPECT_EQ(server.requests, 3 + 6 + 6);
}

// What is stored of them is no reading that was whole.
TEST_F(KnownDays, InDoubtAreReadTwice) {
  start.again = {DaySpan{*parse_day("2026-06-07"), *parse_day("2026-06-07")}};
  auto const ends = read({});
  ASSERT_EQ(ends.size(), 3U);
  EXPECT_TRUE(ends[0].read_once);
  EXPECT_FALSE(ends[1].read_once);
  EXPECT_TRUE(ends[2].read_once);
  EXPECT_EQ(server.requests, 3 + 6 + 3);
}

TEST_F(KnownDays, WithARowThatCannotBeMappedAreReadTwice) {
  plan.spec->map.columns.front() = map_column("amount", "missing", ValueType::decimal);
  plan.spec->map.columns.front().required = true;
  EXPECT_FALSE(read({})[0].read_once);
}

}  // namespace
}  // namespace affsync::engine::count_proof_test
