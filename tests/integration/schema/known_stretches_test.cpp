// What the store knows of a list that is too large to be remembered as a whole: a stretch of the
// table, which moves with the list.
#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>
#include <pqxx/pqxx>
#include <random>
#include <set>

#include "tests/integration/schema/known_rows_fixture.hpp"

namespace affsync::schema::test::known_stretches_test {
namespace {

class KnownStretches : public KnownRowsTest {
 protected:
  static constexpr std::int64_t blocks = 4;
  using Standing = KnownRows::Standing;

  void SetUp() override {
    KnownRowsTest::SetUp();
    if (value("SELECT current_setting('server_version_num')::int >= 140000") != "t") {
      GTEST_SKIP() << "PostgreSQL 13 does not find the rows of a block without reading all";
    }
  }
  static SliceScope whole() {
    SliceScope scope;
    scope.table = find_record_table("commission");
    return scope;
  }
  static std::vector<int> numbers_of(int from, int end) {
    std::vector<int> numbers(static_cast<std::size_t>(end - from));
    std::iota(numbers.begin(), numbers.end(), from);
    return numbers;
  }
  static std::string key(int number) { return "row " + std::to_string(number); }
  // Rows of about a kilobyte: some seven to a block.
  void store_rows(int from, int end) {
    std::string noise;
    std::mt19937 random(static_cast<unsigned>(from));
    std::vector<TestRow> some;
    for (int i = from; i < end; ++i) {
      noise.clear();
      while (noise.size() < 1000) noise += std::to_string(random());
      some.push_back({key(i), {{"amount", "1"}, {"event", noise}}});
    }
    write_in(begin(), std::nullopt, some);
  }
  // As if the stream had more rows than can be remembered.
  void seem_large(std::string const& stream) {
    rows("UPDATE affsync.stream_state SET live_rows = 2000000 WHERE stream = '" + stream + "'");
  }

  void mark_deleted(std::string const& stream, std::string const& external_id) {
    rows("UPDATE affsync.commission SET deleted_at = '2026-03-01' WHERE stream = '" + stream +
         "' AND external_id = '" + external_id + "'");
  }

  // Reads pages of 16 rows in the given order; returns how many of the rows were known.
  int known_of(std::vector<int> const& numbers, KnownRows& known) {
    constexpr std::size_t page_size = 16;
    pqxx::connection connection(url);
    pqxx::work tx(connection);
    StreamId const id(source, "feed");
    known.load(tx, id, whole(), 2'000'000);
    int count = 0;
    for (std::size_t at = 0; at < numbers.size(); at += page_size) {
      std::vector<std::string> keys;
      for (std::size_t i = at; i < std::min(at + page_size, numbers.size()); ++i) {
        keys.push_back(key(numbers[i]));
      }
      known.read_near(tx, id, *whole().table, {keys.begin(), keys.end()}, keys.size());
      for (auto const& one : keys) {
        auto const standing = known.standing(*whole().table, hash_key(one), hash_content("other"));
        if (standing == Standing::differs) ++count;
      }
    }
    EXPECT_STREQ(tx.exec("SHOW enable_indexscan").at(0).at(0).c_str(), "on");
    return count;
  }
  // Reads pages of unchanged rows; returns how many rows of the table PostgreSQL reads for it.
  long rows_read_for(int pages, int page_size, bool with_statistics) {
    auto const page_of = [&](int number) {
      std::vector<TestRow> some;
      for (int i = 0; i < page_size; ++i) some.push_back(row(key(number * page_size + i), "1"));
      return some;
    };
    auto run = begin();
    for (int number = 0; number < pages; ++number) write_in(run, whole(), page_of(number));
    seem_large("feed");
    if (with_statistics) rows("ANALYZE affsync.commission");
    run = begin();
    for (int number = 0; number < pages; ++number) {
      EXPECT_EQ(write_in(run, whole(), page_of(number)).unchanged, page_size);
    }
    return rows_read(pages * page_size);
  }
};

TEST_F(KnownStretches, MoveWithAListInTheOrderOfTheTableOrTheOppositeOne) {
  store_rows(0, 600);
  auto const forward = numbers_of(0, 600);
  std::vector<int> const backward(forward.rbegin(), forward.rend());
  for (auto const& numbers : {forward, backward}) {
    auto const allowance = std::make_shared<RowAllowance>(100);
    KnownRows known(allowance, blocks);
    // At the end of a stretch a page is known in part.
    EXPECT_GE(known_of(numbers, known), 600 * 3 / 4);
    EXPECT_GE(*allowance, 50) << "one stretch at a time";
    known.forget();
    EXPECT_EQ(*allowance, 100);
  }
  // Each time every row once, and those that are looked up: not the stream for each stretch.
  EXPECT_LE(rows_read(600), 2 * 2 * 600);
}

TEST_F(KnownStretches, AreNotReadForAListInNoOrder) {
  store_rows(0, 600);
  auto numbers = numbers_of(0, 600);
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937(5));
  auto const allowance = std::make_shared<RowAllowance>(100);
  KnownRows known(allowance, blocks);
  known_of(numbers, known);
  EXPECT_FALSE(known.is_read_by_stretches());
  EXPECT_EQ(*allowance, 100);
}

// Pages of which all rows are known never come here.
TEST_F(KnownStretches, RowsThatWereLeftOutBeforeCountAsKnown) {
  store_rows(0, 600);
  KnownRows known(std::make_shared<RowAllowance>(100), blocks);
  pqxx::connection connection(url);
  pqxx::work tx(connection);
  known.load(tx, {source, "feed"}, whole(), 2'000'000);
  for (int at = 0; at < 600; at += 4) {
    std::vector<std::string> keys;
    for (auto const number : numbers_of(at, at + 4)) keys.push_back(key(number));
    auto const is_known = [&](std::string const& one) {
      return known.standing(*whole().table, hash_key(one), hash_content("x")) != Standing::unknown;
    };
    if (std::ranges::all_of(keys, is_known)) {
      known.found(4);
    } else {
      known.read_near(tx, {source, "feed"}, *whole().table, {keys.begin(), keys.end()}, 4);
    }
  }
  EXPECT_TRUE(known.is_read_by_stretches());
}

// A list that begins with what is new is no reason to look no further.
TEST_F(KnownStretches, AreFoundBehindNewRows) {
  store_rows(0, 200);
  auto numbers = numbers_of(1000, 1200);
  std::ranges::copy(numbers_of(0, 200), std::back_inserter(numbers));
  KnownRows known(std::make_shared<RowAllowance>(100), blocks);
  EXPECT_GE(known_of(numbers, known), 150);
  EXPECT_TRUE(known.is_read_by_stretches());
}

TEST_F(KnownStretches, HaveNoRowsOfOthersAndNoDeletedOnes) {
  store_rows(0, 24);
  mark_deleted("feed", key(3));
  write_in(begin("other"), std::nullopt, {row("of another stream", "1")});
  KnownRows known(std::make_shared<RowAllowance>(100), blocks);
  EXPECT_EQ(known_of(numbers_of(0, 24), known), 23);
  auto const standing = [&](std::string const& one) {
    return known.standing(*whole().table, hash_key(one), hash_content("other"));
  };
  EXPECT_EQ(standing(key(3)), Standing::unknown);
  EXPECT_EQ(standing("of another stream"), Standing::unknown);
}

// Where memory is short, the rest of a stretch is asked for, and at last everything.
TEST_F(KnownStretches, TakeNoMoreMemoryThanAllowed) {
  store_rows(0, 600);
  auto const allowance = std::make_shared<RowAllowance>(5);
  KnownRows known(allowance, blocks);
  known_of(numbers_of(0, 600), known);
  EXPECT_GE(*allowance, 0);
  known.forget();
  EXPECT_EQ(*allowance, 5);
}

// A row is looked up for each of the samples.
TEST_F(KnownStretches, UnchangedPagesOfALargeListReadTheTableOnce) {
  EXPECT_LE(rows_read_for(20, 50, false), 20 * 50 + 16);
}

TEST_F(KnownStretches, UnchangedPagesReadTheTableOnceWhateverPostgresqlKnowsOfIt) {
  EXPECT_LE(rows_read_for(20, 50, true), 20 * 50 + 16);
}

TEST_F(KnownStretches, AreThoseOfThePartitionThatHasTheSource) {
  rows("ALTER TABLE affsync.commission RENAME TO commission_of_one");
  rows(
      "CREATE TABLE affsync.commission (LIKE affsync.commission_of_one INCLUDING DEFAULTS)"
      " PARTITION BY LIST (source_id)");
  rows("CREATE TABLE affsync.commission_of_others PARTITION OF affsync.commission DEFAULT");
  rows("ALTER TABLE affsync.commission ATTACH PARTITION affsync.commission_of_one FOR VALUES IN (" +
       std::to_string(source) + ")");
  store_rows(0, 200);
  KnownRows known(std::make_shared<RowAllowance>(100), blocks);
  EXPECT_GE(known_of(numbers_of(0, 200), known), 150);
}

// The result is that of a stream of which nothing is remembered, whatever changes, comes, goes, or
// is refused.
TEST_F(KnownStretches, RandomPagesHaveTheSameResultAsWithoutMemory) {
  std::mt19937 random(11);
  auto const pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  for (int pass = 0; pass < 6; ++pass) {
    auto const plain = begin("plain"), known = begin("known");
    seem_large("known");
    for (int number = 0; number < 8; ++number) {
      std::vector<TestRow> some;
      std::set<int> keys;
      for (int i = 0; i < 12; ++i) keys.insert(pick(60));
      for (auto const one : keys) {
        auto const amount = pick(40) == 0 ? "refused" : std::to_string(pick(3));
        some.push_back(row(key(one), amount));
      }
      auto const left = write_in(plain, std::nullopt, some);
      auto const right = write_in(known, whole(), some);
      ASSERT_EQ(left.inserted, right.inserted);
      ASSERT_EQ(left.updated, right.updated);
      ASSERT_EQ(left.unchanged, right.unchanged);
      ASSERT_EQ(left.quarantined, right.quarantined);
    }
    auto const gone = key(pick(60));
    for (auto const* stream : {"plain", "known"}) {
      mark_deleted(stream, gone);
    }
  }
  auto const of = [&](std::string const& stream) {
    return rows(
        "SELECT external_id, amount, revision, deleted_at IS NULL FROM affsync.commission"
        " WHERE stream = '" +
        stream + "' ORDER BY external_id");
  };
  EXPECT_EQ(of("plain"), of("known"));
  auto const changes = [&](std::string const& stream) {
    return rows(
        "SELECT external_id, operation, before, after FROM affsync.record_change"
        " WHERE stream = '" +
        stream + "' ORDER BY external_id, change_id");
  };
  auto const left = changes("plain"), right = changes("known");
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i], right[i]);
}

}  // namespace
}  // namespace affsync::schema::test::known_stretches_test
