// Sets of rows that are larger than PostgreSQL keeps in memory for one step of a statement: what is
// looked up in them takes a time in proportion to their size, and not to its square.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::large_sets_test {
namespace {

class LargeSets : public StoreTest {
 protected:
  LargeSets() {
    auto options = options_for(url + " options='-c work_mem=64kB'");
    // Ends what compares each row with each other one; the others take a second or two.
    options.statement_timeout = std::chrono::seconds(40);
    store = make_pg_store(options);
  }
  static std::string key(int number) { return "row " + std::to_string(number); }
  static std::vector<TestRow> rows_from(int first, int last) {
    std::vector<TestRow> rows;
    for (int i = first; i <= last; ++i) {
      rows.push_back({key(i),
                      {{"amount", "1"},
                       {"currency", "USD"},
                       {"client_ref", "c" + std::to_string(i % 1000)},
                       {"occurred_on", "2026-02-28"}}});
    }
    return rows;
  }
  static std::vector<std::string> keys_from(int first, int last) {
    std::vector<std::string> keys;
    for (int i = first; i <= last; ++i) keys.push_back(key(i));
    return keys;
  }
};

// A word of each row has changed, so that each has another key: all are replaced.
TEST_F(LargeSets, OfReplacedRowsAreReplaced) {
  constexpr int many = 80'000;
  auto run = begin();
  write(run, "commission", rows_from(1, many));
  end(run);
  now += std::chrono::hours(1);
  run = begin();
  write(run, "commission", rows_from(many + 1, 2 * many));
  auto close = slice(run, "commission", keys_from(many + 1, 2 * many));
  close.replaces = close.by_content = true;
  close.proof = CountProof::nothing;
  close.totals.push_back({"rows", "", std::to_string(many), ""});
  auto const closed = loop.run(store->close_slice(std::move(close)));
  EXPECT_EQ(closed.replaced, many);
  EXPECT_TRUE(closed.unmatched.empty());
  EXPECT_EQ(value("SELECT sum(amount) FROM affsync.commission WHERE deleted_at IS NULL"), "80000");
}

// Requests for 50 clients at once, of 10,000: which rows a pass asked for.
TEST_F(LargeSets, OfValuesAreAskedFor) {
  constexpr int many = 20'000, values = 10'000, at_once = 50;
  auto const value_of = [](int number) { return std::to_string(100'000 + number); };
  auto run = begin();
  auto first = page(run, {batch_of("commission", rows_from(1, many))});
  auto asked = std::make_shared<AskedItems>();
  for (int i = 0; i < values; ++i) asked->values.push_back(value_of(i));
  for (int from = 0; from < values; from += at_once) {
    RowsOfItem& one = first.items.emplace_back();
    for (int i = from; i < from + at_once; ++i) {
      one.item += (i > from ? "," : "") + value_of(i);
    }
    constexpr int each = many * at_once / values;
    auto const number = from / at_once * each;
    one.external_ids = keys_from(number + 1, number + each);
  }
  first.asked_items = asked;
  loop.run(store->write_page(std::move(first)));
  end(run);
  now += std::chrono::hours(1);
  // The last client is asked for no longer, so that nobody has looked for the rows of its request.
  run = begin();
  auto fewer = std::make_shared<AskedItems>(*asked);
  fewer->values.pop_back();
  auto close = slice(run, "commission", keys_from(1, 19'000));
  close.items = fewer;
  close.replaces = true;
  close.totals.push_back({"rows", "", "19000", ""});
  auto const closed = loop.run(store->close_slice(std::move(close)));
  EXPECT_EQ(closed.replaced, 900);
  EXPECT_TRUE(closed.unmatched.empty());
  EXPECT_EQ(value("SELECT count(*) FROM affsync.commission WHERE deleted_at IS NULL"), "19100");
}

}  // namespace
}  // namespace affsync::schema::test::large_sets_test
