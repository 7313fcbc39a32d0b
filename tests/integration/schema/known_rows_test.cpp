// What the store remembers of a slice, and what it then does without asking the table: the result
// is always that of a store that remembers nothing.
#include <pqxx/pqxx>
#include <random>
#include <set>

#include "tests/integration/schema/known_rows_fixture.hpp"

namespace affsync::schema::test::known_rows_test {
namespace {

TEST_F(KnownRowsTest, ARowOfTheSliceIsToldFromItsChange) {
  write_in(begin(), february(), {row("same", "1"), row("changes", "2")});
  auto const run = begin();
  auto const written =
      write_in(run, february(), {row("same", "1.0"), row("changes", "3"), row("new", "4")});
  EXPECT_EQ(written.unchanged, 1);
  EXPECT_EQ(written.updated, 1);
  EXPECT_EQ(written.inserted, 1);
  // And once more in the same run.
  auto const again =
      write_in(run, february(), {row("same", "1"), row("changes", "2"), row("new", "4")});
  EXPECT_EQ(again.unchanged, 2);
  EXPECT_EQ(again.updated, 1);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "2");
  EXPECT_EQ(value("SELECT amount FROM affsync.commission WHERE external_id = 'changes'"), "2");
}

TEST_F(KnownRowsTest, KeysMayHaveAnyCharacter) {
  std::vector<TestRow> const rows = {
      row("tab\there", "1"), row("back\\slash", "2"), row("lines\r\nand \b\f\v", "3"),
      row("\\.", "4"),       row("\\N", "5"),         row("quote'$1", "6"),
      row("grün", "7")};
  write_in(begin(), february(), rows);
  auto const run = begin();
  EXPECT_EQ(write_in(run, february(), rows).unchanged, 7);
  EXPECT_LE(rows_read(7), 7);  // once for the slice; a key that is not known is looked up
}

TEST_F(KnownRowsTest, ARowOfOtherDaysAndADeletedOneAreFound) {
  write_in(begin(), std::nullopt, {row("of january", "1", "2026-01-31"), row("gone", "2")});
  vanish("feed", "commission", {"of january"});
  auto const written = write_in(begin(), february(), {row("of january", "1"), row("gone", "2")});
  EXPECT_EQ(written.inserted, 0);
  EXPECT_EQ(written.updated, 2);  // it moved into the slice; it came back
  EXPECT_EQ(value("SELECT string_agg(operation, ' ' ORDER BY external_id DESC, change_id)"
                  " FROM affsync.record_change"),
            "update delete restore");
}

// A stream without a live row may still have deleted ones.
TEST_F(KnownRowsTest, AStreamOfWhichAllRowsAreDeletedGetsThemBack) {
  write_in(begin(), std::nullopt, {row("a", "1"), row("b", "2")});
  rows("UPDATE affsync.commission SET deleted_at = changed_at");
  rows("UPDATE affsync.stream_state SET live_rows = 0");
  auto const written = write_in(begin(), std::nullopt, {row("a", "1"), row("new", "3")});
  EXPECT_EQ(written.inserted, 1);
  EXPECT_EQ(written.updated, 1);
  EXPECT_EQ(value("SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM"
                  " affsync.commission WHERE deleted_at IS NULL"),
            "a new");
}

// Of two batches of one page the second may have keys of the first.
TEST_F(KnownRowsTest, ThePageOfAnEmptyStreamMayHaveARowTwice) {
  auto write = page(begin(), {batch_of("commission", {row("a", "1"), row("b", "1")}),
                              batch_of("commission", {row("b", "2"), row("c", "2")})});
  auto const written = loop.run(store->write_page(std::move(write)));
  EXPECT_EQ(written.inserted, 3);
  EXPECT_EQ(written.updated, 1);
  EXPECT_EQ(written.quarantined, 0);
  EXPECT_EQ(value("SELECT string_agg(external_id || amount, ' ' ORDER BY external_id) FROM"
                  " affsync.commission"),
            "a1 b2 c2");
}

TEST_F(KnownRowsTest, TheFirstPageOfAStreamIsLookedForAtOnce) {
  std::vector<TestRow> some;
  for (int i = 0; i < 300; ++i) some.push_back(row("k" + std::to_string(i), "1"));
  write_in(begin("other"), std::nullopt, some);
  write_in(begin(), std::nullopt, some);
  rows_read(600);
  auto const scans = std::stol(
      value("SELECT sum(idx_scan) FROM pg_stat_user_indexes WHERE relname = 'commission'"));
  EXPECT_LT(scans, 20) << "not once for each of 600 keys";
}

// Pages that are all new make the store copy the next one without looking; a key that is there
// nevertheless costs a second attempt, not a row.
TEST_F(KnownRowsTest, AKeyThatIsThereAlthoughAllBeforeWereNew) {
  write_in(begin(), std::nullopt, {row("of january", "1", "2026-01-31")});
  auto const run = begin();
  EXPECT_EQ(write_in(run, february(), {row("a", "1"), row("b", "1")}).inserted, 2);
  auto const mixed = write_in(run, february(), {row("c", "1"), row("of january", "7")});
  EXPECT_EQ(mixed.inserted, 1);
  EXPECT_EQ(mixed.updated, 1);
  EXPECT_EQ(mixed.quarantined, 0);
  EXPECT_EQ(write_in(run, february(), {row("d", "1"), row("a", "1")}).inserted, 1);
  EXPECT_EQ(value("SELECT count(*) || ' ' || sum(amount) FROM affsync.commission"), "5 11");
}

// A value that PostgreSQL refuses is put aside, whether the keys were looked for or not.
TEST_F(KnownRowsTest, ARefusedRowOnAPageThatIsCopiedWithoutLooking) {
  auto const run = begin();
  EXPECT_EQ(write_in(run, february(), {row("a", "1")}).inserted, 1);
  auto const written = write_in(run, february(), {row("b", "1"), row("bad", "one"), row("a", "1")});
  EXPECT_EQ(written.inserted, 1);
  EXPECT_EQ(written.quarantined, 1);
  EXPECT_EQ(written.unchanged, 1);
  EXPECT_EQ(loop.run(store->close_slice(closing(run, {"a", "b", "bad"}))).live, 2);
}

TEST_F(KnownRowsTest, TheEndOfASliceFindsWhatVanished) {
  auto const oldest = row("oldest", "1", "2026-02-01"), fresh = row("fresh", "1", "2026-02-04");
  write_in(begin(), february(), {oldest, row("b", "1"), row("c", "1")});
  auto run = begin();
  write_in(run, february(), {oldest, fresh});
  auto const closed = loop.run(store->close_slice(closing(run, {"oldest", "fresh"})));
  EXPECT_EQ(closed.live, 4);
  EXPECT_EQ(closed.missed, 2);
  EXPECT_EQ(close_pass(run, "commission", 1).deleted, 2);
  run = begin();
  write_in(run, february(), {oldest, fresh});
  auto const whole = loop.run(store->close_slice(closing(run, {"oldest", "fresh"})));
  EXPECT_EQ(whole.live, 2);
  EXPECT_EQ(whole.missed, 0);
}

TEST_F(KnownRowsTest, RandomPagesHaveTheSameResultAsWithoutMemory) {
  std::mt19937 random(7);
  auto const pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  for (int pass = 0; pass < 6; ++pass) {
    auto const plain = begin("plain"), known = begin("known");
    for (int number = 0; number < 8; ++number) {
      std::vector<TestRow> some;
      std::set<int> keys;
      for (int i = 0; i < 12; ++i) keys.insert(pick(60));
      for (auto const key : keys) {
        auto const day = pick(5) == 0 ? "2026-01-3" : "2026-02-0";
        some.push_back(row("k" + std::to_string(key), std::to_string(pick(3)),
                           std::string(day) + (day[6] == '1' ? "0" : "3")));
      }
      auto const left = write_in(plain, std::nullopt, some);
      auto const right = write_in(known, february(), some);
      ASSERT_EQ(left.inserted, right.inserted);
      ASSERT_EQ(left.updated, right.updated);
      ASSERT_EQ(left.unchanged, right.unchanged);
    }
  }
  auto const of = [&](std::string const& stream) {
    return rows(
        "SELECT external_id, amount, occurred_on, revision FROM affsync.commission"
        " WHERE stream = '" +
        stream + "' ORDER BY external_id");
  };
  EXPECT_EQ(of("plain"), of("known"));
  auto const changes = [&](std::string const& stream) {
    return rows(
        "SELECT external_id, before, after FROM affsync.record_change"
        " WHERE stream = '" +
        stream + "' ORDER BY change_id");
  };
  EXPECT_EQ(changes("plain"), changes("known"));
}

// How much of a slice is remembered is bounded. What was stored before the run stays known; of a
// first load, whose rows hardly ever come again, nothing is kept then, and the memory is given
// back.
TEST_F(KnownRowsTest, MoreRowsThanMemoryAllows) {
  using Standing = KnownRows::Standing;
  auto const& table = *find_record_table("commission");
  auto const content = [](char const* text) { return hash_content(text); };
  auto const entries = [&](std::vector<std::string> const& keys) {
    KnownRows::Changes changes;
    for (auto const& key : keys) changes.emplace_back(hash_key(key), content("x").high);
    return changes;
  };
  for (bool const is_first_load : {true, false}) {
    if (!is_first_load) write_in(begin(), february(), {row("before", "1")});
    auto const allowance = std::make_shared<RowAllowance>(3);
    KnownRows known(allowance);
    pqxx::connection connection(url);
    pqxx::work tx(connection);
    StreamId const id(source, "feed");
    auto const standing = [&](char const* key, char const* text = "x") {
      return known.standing(table, hash_key(key), content(text));
    };
    known.load(tx, id, february(), 0);
    known.note(table, entries({"a"}));
    known.note(table, entries({"b"}));
    EXPECT_EQ(standing("a"), Standing::same);
    EXPECT_EQ(standing("a", "y"), Standing::differs);
    known.note(table, entries({"c", "d", "e"}));
    EXPECT_EQ(known.count(february()), std::nullopt);
    EXPECT_EQ(standing("d"), Standing::same) << "of the last transaction, whatever memory allows";
    EXPECT_EQ(standing("before"), is_first_load ? Standing::unknown : Standing::differs);
    EXPECT_EQ(standing("a"), is_first_load ? Standing::unknown : Standing::same);
    known.load(tx, id, february(), 0);  // it is the same slice: nothing is read again
    known.note(table, entries({"f"}));
    EXPECT_EQ(standing("d"), Standing::unknown);
    EXPECT_EQ(standing("f"), Standing::same);
    EXPECT_EQ(standing("a"), is_first_load ? Standing::unknown : Standing::same);
    EXPECT_EQ(*allowance, is_first_load ? 3 : 0);
    known.forget();
    EXPECT_EQ(*allowance, 3);
  }
}

// A stream that has too many rows is not even read, as far as the noted number tells.
TEST_F(KnownRowsTest, ALargeStreamIsNotReadInVain) {
  write_in(begin(), std::nullopt, {row("a", "1"), row("b", "1")});
  pqxx::connection connection(url);
  pqxx::work tx(connection);
  SliceScope whole;
  whole.table = find_record_table("commission");
  auto const knows_a = [&](std::int64_t live_rows, SliceScope const& scope) {
    KnownRows known(std::make_shared<RowAllowance>(2));
    known.load(tx, StreamId(source, "feed"), scope, live_rows);
    return known.standing(*whole.table, hash_key("a"), hash_content("other")) ==
           KnownRows::Standing::differs;
  };
  EXPECT_TRUE(knows_a(2, whole));
  EXPECT_FALSE(knows_a(3, whole));
  EXPECT_TRUE(knows_a(3, february())) << "the number is that of the whole stream";
}

// Whatever PostgreSQL assumes about a table that was never analysed: what it costs to change rows,
// or to find them unchanged, must not grow with the rows of their stream.
TEST_F(KnownRowsTest, AChangedPageReadsNoMoreThanItsOwnRows) {
  constexpr int pages = 40, page_size = 50;
  auto const page_of = [&](int number, std::string const& amount) {
    std::vector<TestRow> some;
    for (int i = 0; i < page_size; ++i) {
      some.push_back(row("row " + std::to_string(number * page_size + i), amount));
    }
    return some;
  };
  auto run = begin();
  for (int number = 0; number < pages; ++number) write_in(run, std::nullopt, page_of(number, "1"));
  run = begin();
  for (int number = 0; number < pages; ++number) {
    ASSERT_EQ(write_in(run, std::nullopt, page_of(number, "2")).updated, page_size);
  }
  // Each row is found by its key, read by its key for the comparison, and updated at its place.
  EXPECT_LE(rows_read(pages * page_size), 3 * pages * page_size);
}

TEST_F(KnownRowsTest, UnchangedPagesOfASliceReadItOnce) {
  constexpr int pages = 20, page_size = 50;
  auto const page_of = [&](int number) {
    std::vector<TestRow> some;
    for (int i = 0; i < page_size; ++i) {
      some.push_back(row("row " + std::to_string(number * page_size + i), "1"));
    }
    return some;
  };
  auto run = begin();
  for (int number = 0; number < pages; ++number) write_in(run, february(), page_of(number));
  run = begin();
  for (int number = 0; number < pages; ++number) {
    ASSERT_EQ(write_in(run, february(), page_of(number)).unchanged, page_size);
  }
  EXPECT_LE(rows_read(pages * page_size), pages * page_size);
}

}  // namespace
}  // namespace affsync::schema::test::known_rows_test
