// Lists that change while several of their pages are requested at once, and the broker forms the
// answers in any order: no row that stays may be missed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::out_of_order_test {
namespace {

TimePoint const noon = at("2026-06-15");

// Reads a list with requests sent ahead, whose answers are formed in an order that `pick` decides.
struct EagerRun {
  std::function<int(int low, int high)> pick;
  std::function<Answer(HttpRequest const&)> form;
  std::size_t most = 6;

  std::set<std::string> ids;
  std::optional<Error> error;
  bool doubted = false;
  int formed = 0;
  int dropped = 0;

  void run(StreamReader& reader) {
    while (auto const request = reader.next_request()) {
      auto wanted = reader.foresee(most);
      wanted.insert(wanted.begin(), *request);
      dropped += static_cast<int>(std::erase_if(answers_, [&](auto const& one) {
        return std::ranges::none_of(wanted, [&](auto const& it) { return it.target == one.first; });
      }));
      std::erase_if(wanted, [&](auto const& it) { return answers_.contains(it.target); });
      while (!answers_.contains(request->target)) {
        auto const next = wanted.begin() + pick(0, static_cast<int>(wanted.size()) - 1);
        answers_.emplace(next->target, form(*next));
        wanted.erase(next);
        ++formed;
      }
      auto page = reader.on_answer(answers_.extract(request->target).mapped(), noon);
      if (!page) {
        error = page.error();
        return;
      }
      for (auto const& batch : page->batches) {
        for (std::size_t i = 0; i < batch.size(); ++i) ids.insert(batch.external_id(i));
      }
      if (page->slice_end && page->slice_end->doubt) doubted = true;
    }
  }

 private:
  std::map<std::string, Answer> answers_;
};

enum class Changes { any, insertions, deletions };

// Answers by offset, or by number if `numbered`.
struct MovingList {
  ListServer server;
  std::mt19937 random;
  std::set<std::string> gone;
  Changes kind = Changes::any;
  int at_most = 0;
  int made = 0;
  int changed = 0;

  explicit MovingList(unsigned seed) : random(seed) {}
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }
  void change() {
    // Few enough changes that the list can be read at all.
    if (changed >= 60 || pick(0, 2) != 0) return;
    for (int n = pick(0, at_most); n > 0; --n, ++changed) {
      bool const deletes = kind == Changes::any ? pick(0, 1) == 0 : kind == Changes::deletions;
      auto const size = static_cast<int>(server.ids.size());
      if (deletes && size > 0) {
        auto const row = server.ids.begin() + pick(0, size - 1);
        gone.insert(*row);
        server.ids.erase(row);
      } else if (!deletes) {
        server.ids.insert(server.ids.begin() + pick(0, size), "n" + std::to_string(made++));
      }
    }
  }
  Answer answer(HttpRequest const& request, int size) {
    change();
    auto const query = query_of(request);
    if (!query.contains("page")) return server.answer(request);
    HttpRequest by_offset(
        Method::get, "/?limit=" + std::to_string(size) +
                         "&offset=" + std::to_string((std::stoi(query.at("page")) - 1) * size));
    return server.answer(by_offset);
  }
};

struct Tried {
  bool given_up = false;
  bool doubted = false;
  int ahead = 0;  // answers that were formed before their turn, or for nothing
};

Tried try_list(unsigned seed, StreamPlan const& plan, Changes kind) {
  MovingList list(seed);
  list.kind = kind;
  list.at_most = list.pick(0, 6);
  list.server = ListServer::with(list.pick(0, 150));
  auto const initial = list.server.ids;
  EagerRun eager;
  eager.pick = [&](int low, int high) { return list.pick(low, high); };
  eager.form = [&](HttpRequest const& request) {
    return list.answer(request, plan.spec->page.size->rows);
  };
  ReaderStart start;
  start.now = noon;
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  eager.run(reader);
  Tried tried;
  tried.given_up = eager.error.has_value();
  tried.doubted = eager.doubted;
  tried.ahead = eager.dropped;
  EXPECT_TRUE(!eager.error || eager.error->code == ErrorCode::paging_broken) << seed;
  if (eager.error || eager.doubted) return tried;
  for (auto const& id : initial) {
    bool const lost = !list.gone.contains(id) && !eager.ids.contains(id);
    EXPECT_FALSE(lost) << "seed " << seed << " " << id;
  }
  return tried;
}

// Shared rows show any shift, whatever the counts say.
TEST(OutOfOrder, PagesThatShareRowsLoseNone) {
  unsigned const seeds = 600;
  unsigned given_up = 0, dropped = 0;
  for (unsigned seed = 0; seed < seeds && !testing::Test::HasFailure(); ++seed) {
    std::mt19937 random(seed);
    auto const size = std::uniform_int_distribution<int>(4, 30)(random);
    auto const overlap = std::uniform_int_distribution<int>(1, 3)(random);
    auto const tried = try_list(seed, list_plan(size, overlap), Changes::any);
    given_up += tried.given_up;
    dropped += tried.ahead > 0;
  }
  EXPECT_LT(given_up, seeds / 10) << "without this limit, a reader that always fails would pass";
  EXPECT_GT(dropped, seeds / 20) << "the order made no difference";
}

// Without shared rows each change of the count means that the list is read once more. Changes that
// cancel each other out between two answers are hidden from any reader.
TEST(OutOfOrder, CountedPagesLoseNone) {
  unsigned const seeds = 600;
  unsigned doubted = 0;
  for (unsigned seed = 0; seed < seeds && !testing::Test::HasFailure(); ++seed) {
    std::mt19937 random(seed);
    auto const size = std::uniform_int_distribution<int>(4, 30)(random);
    auto plan = list_plan(size, 0);
    if (seed % 4 < 2) plan.spec->page.kind = NumberPaging{};
    auto const kind = seed % 2 == 0 ? Changes::insertions : Changes::deletions;
    doubted += try_list(seed, plan, kind).doubted;
  }
  EXPECT_LT(doubted, seeds / 2) << "without this limit, a reader that doubts everything would pass";
}

// A list that stays as it is takes no more requests than reading it page by page.
TEST(OutOfOrder, AQuietListTakesNoMoreRequests) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    auto const pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    auto server = ListServer::with(pick(0, 150));
    server.cap = static_cast<std::size_t>(pick(2, 40));
    auto plan = list_plan(pick(2, 40), pick(0, 1));
    if (pick(0, 1) == 0) {
      // With the list as it is, a slice is one page or several.
      plan = windowed_plan(plan.spec->page.size->rows, pick(0, 1), *parse_day("2026-05-01"),
                           pick(3, 20));
    }
    auto serial = server;
    auto const pass = read_all(plan, serial);
    ASSERT_FALSE(pass.error) << seed;
    EagerRun eager;
    eager.pick = pick;
    eager.form = [&](HttpRequest const& request) { return server.answer(request); };
    ReaderStart start;
    start.now = noon;
    StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
    eager.run(reader);
    EXPECT_FALSE(eager.error) << seed;
    EXPECT_EQ(eager.ids, pass.ids()) << seed;
    EXPECT_EQ(eager.formed, serial.requests) << seed;
    EXPECT_EQ(eager.dropped, 0) << seed;
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace affsync::engine::out_of_order_test
