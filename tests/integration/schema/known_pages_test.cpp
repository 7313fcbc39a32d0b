// Pages of which the rows that are known to be stored are left out before they are written: the
// result is always that of pages that are written whole.
#include <random>
#include <set>

#include "schema/store/page_group.hpp"
#include "tests/integration/schema/known_rows_fixture.hpp"

namespace affsync::schema::test::known_pages_test {
namespace {

class KnownPagesTest : public KnownRowsTest {
 protected:
  PageWrite page_in(RunKey const& run, std::vector<TestRow> const& some) {
    auto write = page(run, {batch_of("commission", some)});
    write.scope = february();
    return write;
  }
  PageWrite thinned(PageWrite write) { return loop.run(store->without_known(std::move(write))); }
  PageWritten write(PageWrite write) { return loop.run(store->write_page(std::move(write))); }
  static std::vector<std::string> keys_of(PageWrite const& write) {
    std::vector<std::string> keys;
    for (auto const& batch : write.batches) {
      for (std::size_t i = 0; i < batch.size(); ++i) keys.emplace_back(batch.external_id(i));
    }
    return keys;
  }
  using Keys = std::vector<std::string>;
};

TEST_F(KnownPagesTest, OnlyRowsThatAreStoredAsTheyAreAreLeftOut) {
  write(page_in(begin(), {row("same", "1"), row("changes", "2"), row("gone", "3")}));
  vanish("feed", "commission", {"same", "changes"});
  auto const run = begin();
  EXPECT_EQ(keys_of(thinned(page_in(run, {row("same", "1")}))), Keys{"same"})
      << "nothing is known before the run's first write";
  write(page_in(run, {row("same", "1")}));
  auto left = thinned(
      page_in(run, {row("same", "1.0"), row("changes", "7"), row("gone", "3"), row("new", "4")}));
  EXPECT_EQ(keys_of(left), (Keys{"changes", "gone", "new"}));
  EXPECT_EQ(left.repeated, 1);
  auto const written = write(std::move(left));
  EXPECT_EQ(written.unchanged, 1);
  EXPECT_EQ(written.updated, 2);
  EXPECT_EQ(written.inserted, 1);
  EXPECT_EQ(value("SELECT string_agg(external_id || amount, ' ' ORDER BY external_id) FROM"
                  " affsync.commission WHERE deleted_at IS NULL"),
            "changes7 gone3 new4 same1");
}

// What is left keeps each of its cells, also null and empty ones.
TEST_F(KnownPagesTest, ARowThatIsLeftIsWhole) {
  auto const full = [](std::string amount) {
    return TestRow{"full",
                   {{"amount", std::move(amount)},
                    {"occurred_on", "2026-02-03"},
                    {"currency", "EUR"},
                    {"symbol", ""}},
                   R"({"a": "grün"})"};
  };
  write(page_in(begin(), {full("1"), row("same", "1")}));
  auto const run = begin();
  write(page_in(run, {row("same", "1")}));
  write(thinned(page_in(run, {full("-0.00000001"), row("same", "1")})));
  EXPECT_EQ(value("SELECT concat_ws('|', amount, occurred_on, currency, '[' || symbol || ']',"
                  " client_ref IS NULL, raw) FROM affsync.commission WHERE external_id = 'full'"),
            R"(-0.00000001|2026-02-03|EUR|[]|t|{"a": "grün"})");
}

TEST_F(KnownPagesTest, APageOfWhichNothingIsLeftStillMovesTheCheckpoint) {
  write(page_in(begin(), {row("a", "1"), row("b", "1")}));
  auto const run = begin();
  write(page_in(run, {row("a", "1")}));
  auto next = page_in(run, {row("a", "1"), row("b", "1")});
  next.checkpoint = R"({"page": 2})";
  auto left = thinned(std::move(next));
  EXPECT_EQ(keys_of(left), Keys{});
  auto const written = write(std::move(left));
  EXPECT_EQ(written.unchanged, 2);
  EXPECT_EQ(written.updated + written.inserted, 0);
  EXPECT_EQ(value("SELECT cursor FROM affsync.stream_state WHERE stream = 'feed'"),
            R"({"page": 2})");
  EXPECT_EQ(value("SELECT unchanged FROM affsync.sync_run ORDER BY run_id DESC LIMIT 1"), "3");
}

// A row that the broker sends right again resolves what was quarantined of it.
TEST_F(KnownPagesTest, WhileRowsAreQuarantinedPagesStayWhole) {
  write(page_in(begin(), {row("a", "1"), row("b", "1")}));
  auto run = begin();
  auto bad = page_in(run, {row("b", "1")});
  bad.quarantined.push_back({"a", "amount is not a number", "{}"});
  EXPECT_EQ(write(std::move(bad)).quarantined, 1);
  auto again = thinned(page_in(run, {row("a", "1"), row("b", "1")}));
  EXPECT_EQ(keys_of(again), (Keys{"a", "b"}));
  write(std::move(again));
  EXPECT_EQ(value("SELECT count(*) FROM affsync.quarantine WHERE resolved_at IS NULL"), "0");
  write(page_in(run, {row("b", "1")}));  // the first write that sees none
  EXPECT_EQ(keys_of(thinned(page_in(run, {row("a", "1"), row("b", "1")}))), Keys{});
}

// The same row read again says more precisely when it happened.
TEST_F(KnownPagesTest, ARelativeTimeIsNarrowedByAnUnchangedRow) {
  auto const read_at = [](std::string from, std::string to) {
    return TestRow{"r",
                   {{"amount", "1"},
                    {"occurred_on", "2026-02-03"},
                    {"occurred_from", std::move(from)},
                    {"occurred_to", std::move(to)}}};
  };
  write(page_in(begin(), {read_at("2026-02-03T10:00:00Z", "2026-02-03T11:00:00Z"), row("a", "1")}));
  auto const run = begin();
  write(page_in(run, {row("a", "1")}));
  auto left = thinned(
      page_in(run, {read_at("2026-02-03T10:30:00Z", "2026-02-03T11:30:00Z"), row("a", "1")}));
  EXPECT_EQ(keys_of(left), Keys{"r"});
  EXPECT_EQ(write(std::move(left)).updated, 0);
  EXPECT_EQ(value("SELECT to_char(occurred_from AT TIME ZONE 'UTC', 'HH24:MI') FROM"
                  " affsync.commission WHERE external_id = 'r'"),
            "10:30");
}

TEST_F(KnownPagesTest, ARunThatLostItsStreamStoresNothingOfWhatWasLeft) {
  write(page_in(begin(), {row("a", "1"), row("b", "1")}));
  auto const run = begin();
  write(page_in(run, {row("a", "1")}));
  auto left = thinned(page_in(run, {row("a", "1"), row("b", "2")}));
  begin();
  EXPECT_EQ(loop.code_of(store->write_page(std::move(left))), ErrorCode::lease_lost);
  EXPECT_EQ(value("SELECT amount FROM affsync.commission WHERE external_id = 'b'"), "1");
}

// As the queue does it: what is left of a page waits for the next ones, which may have the same
// rows, changed or not.
TEST_F(KnownPagesTest, RandomPagesHaveTheSameResultAsWholeOnes) {
  std::mt19937 random(11);
  auto const pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  int left_out = 0;
  for (int pass = 0; pass < 8; ++pass) {
    auto const whole = begin("whole"), thin = begin("thin");
    PageWritten of_whole, of_thin;
    auto const add = [](PageWritten& to, PageWritten const& some) {
      to.inserted += some.inserted;
      to.updated += some.updated;
      to.unchanged += some.unchanged;
    };
    PageGroup held;
    for (int number = 0; number < 12; ++number) {
      std::vector<TestRow> some;
      std::set<int> keys;
      for (int i = 0; i < 12; ++i) keys.insert(pick(60));
      for (auto const key : keys) {
        some.push_back(row("k" + std::to_string(key), pick(8) == 0 ? "2" : "1"));
      }
      add(of_whole, write(page_in(whole, some)));
      auto next = page_in(thin, some);
      if (!held.add(next)) {
        add(of_thin, write(held.take()));
        held.add(next);
      }
      auto left = thinned(held.take());
      for (auto const& batch : left.batches) left_out += batch.size() < 4 ? 1 : 0;
      if (pick(4) == 0) {
        add(of_thin, write(std::move(left)));
      } else {
        held.add(left);
      }
    }
    if (!held.empty()) add(of_thin, write(held.take()));
    ASSERT_EQ(of_whole.inserted, of_thin.inserted);
    ASSERT_EQ(of_whole.updated, of_thin.updated);
    ASSERT_EQ(of_whole.unchanged, of_thin.unchanged);
  }
  EXPECT_GT(left_out, 10);
  auto const of = [&](std::string const& stream) {
    return rows("SELECT external_id, amount, revision FROM affsync.commission WHERE stream = '" +
                stream + "' ORDER BY external_id");
  };
  EXPECT_EQ(of("whole"), of("thin"));
  auto const changes = [&](std::string const& stream) {
    return rows("SELECT external_id, before, after FROM affsync.record_change WHERE stream = '" +
                stream + "' ORDER BY external_id, change_id");
  };
  EXPECT_EQ(changes("whole"), changes("thin"));
}

}  // namespace
}  // namespace affsync::schema::test::known_pages_test
