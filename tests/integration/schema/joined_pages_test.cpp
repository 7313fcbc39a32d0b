// Pages that are stored in one transaction: the result is that of storing one after another.
#include <algorithm>

#include "schema/store/page_group.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::joined_pages_test {
namespace {

class JoinedPages : public StoreTest {
 protected:
  // Stores all pages together; fails if they may not be.
  PageWritten store_together(std::vector<PageWrite> pages) {
    PageGroup group;
    for (auto& one : pages) EXPECT_TRUE(group.add(one));
    return loop.run(store->write_page(group.take()));
  }
  PageWrite payouts(RunKey const& run, std::vector<TestRow> const& rows,
                    std::string const& checkpoint = "{}") {
    return page(run, {batch_of("payout", rows)}, checkpoint);
  }
  static TestRow paid(std::string const& key, std::string const& amount) {
    TestRow row;
    row.key = key;
    row.raw = R"({"id": ")" + key + R"(", "amount": )" + amount + "}";
    row.values = {{"amount", amount}};
    return row;
  }
  std::string stored(std::string const& of = "amount") {
    return value("SELECT string_agg(external_id || '=' || " + of +
                 ", ' ' ORDER BY external_id) FROM affsync.payout");
  }
};

TEST_F(JoinedPages, NewChangedAndUnchangedRowsOfSeveralPagesAreToldApart) {
  auto const run = begin();
  auto const first = store_together({payouts(run, {paid("a", "1"), paid("b", "2")}, R"({"at": 1})"),
                                     payouts(run, {paid("c", "3")}, R"({"at": 2})"),
                                     payouts(run, {paid("d", "4.50")})});
  EXPECT_EQ(first.inserted, 4);
  EXPECT_EQ(value("SELECT count(DISTINCT xmin::text) FROM affsync.payout"), "1");
  EXPECT_EQ(stored("amount || raw::text"),
            R"(a=1{"id": "a", "amount": 1} b=2{"id": "b", "amount": 2} c=3{"id": "c", "amount": 3})"
            R"( d=4.50{"id": "d", "amount": 4.50})");
  sql(url, "UPDATE affsync.payout SET deleted_at = now() WHERE external_id = 'd'");

  auto const second = begin();  // it knows nothing of what the other run wrote
  auto const again = store_together({payouts(second, {paid("e", "5"), paid("b", "2")}),
                                     payouts(second, {paid("c", "33"), paid("a", "11")}),
                                     payouts(second, {paid("f", "6"), paid("d", "4.5")})});
  EXPECT_EQ(again.inserted, 2);
  EXPECT_EQ(again.updated, 3);  // c and a, and d came back
  EXPECT_EQ(again.unchanged, 1);
  EXPECT_EQ(stored("amount"), "a=11 b=2 c=33 d=4.5 e=5 f=6");
  EXPECT_EQ(value("SELECT string_agg(external_id || ' ' || operation || ' ' ||"
                  " coalesce(before ->> 'amount', '-'), ', ' ORDER BY external_id)"
                  " FROM affsync.record_change"),
            "a update 1, c update 3, d restore -");
  EXPECT_EQ(value("SELECT live_rows FROM affsync.stream_state"), "7");
  EXPECT_EQ(value("SELECT string_agg(pages || ' ' || inserted || ' ' || updated || ' ' ||"
                  " unchanged, ', ' ORDER BY run_id) FROM affsync.sync_run"),
            "3 4 0 0, 3 2 3 1");
}

TEST_F(JoinedPages, ARowThatPostgresRefusesIsPutAsideAloneWhicheverPageHasIt) {
  auto const run = begin();
  auto bad = paid("bad", "1");
  bad.raw = R"({"text": "\u0000"})";  // valid JSON that jsonb cannot hold
  auto const written = store_together({payouts(run, {paid("a", "1"), paid("b", "2")}),
                                       payouts(run, {paid("c", "3"), bad, paid("d", "4")}),
                                       payouts(run, {paid("e", "5")})});
  EXPECT_EQ(written.inserted, 5);
  EXPECT_EQ(written.quarantined, 1);
  EXPECT_EQ(stored(), "a=1 b=2 c=3 d=4 e=5");
  EXPECT_EQ(value("SELECT string_agg(external_id, ' ') FROM affsync.quarantine"), "bad");

  auto bad_change = paid("d", "44");
  bad_change.raw = bad.raw;
  auto const next =
      store_together({payouts(run, {paid("a", "11")}), payouts(run, {bad_change, paid("e", "55")}),
                      payouts(run, {paid("f", "6")})});
  EXPECT_EQ(next.inserted, 1);
  EXPECT_EQ(next.updated, 2);
  EXPECT_EQ(next.quarantined, 1);
  EXPECT_EQ(stored(), "a=11 b=2 c=3 d=4 e=55 f=6");
}

TEST_F(JoinedPages, RowsThatPagesShareAreStoredOnceAndTheOthersOfThesePagesToo) {
  auto const run = begin();
  auto const written = store_together({payouts(run, {paid("a", "1"), paid("b", "2")}),
                                       payouts(run, {paid("b", "2"), paid("c", "3")}),
                                       payouts(run, {paid("c", "3"), paid("a", "1")})});
  EXPECT_EQ(written.inserted, 3);
  EXPECT_EQ(written.unchanged, 3);
  EXPECT_EQ(stored(), "a=1 b=2 c=3");
}

TEST_F(JoinedPages, TablesAreKeptApartAndOnlyTheMainOneCounts) {
  auto const run = begin();
  auto const both = [&](std::string const& name) {
    return page(run, {batch_of("client", {{name, {}}}), batch_of("trading_account", {{name, {}}})});
  };
  auto const written = store_together({both("a"), both("b"), both("c")});
  EXPECT_EQ(written.inserted, 6);
  EXPECT_EQ(value("SELECT (SELECT count(*) FROM affsync.client) || ' ' ||"
                  " (SELECT count(*) FROM affsync.trading_account) || ' ' || live_rows"
                  " FROM affsync.stream_state"),
            "3 3 3");
}

// Of lookup values the last one counts, in whichever page it is.
TEST_F(JoinedPages, ALookupValueThatComesAgainReplacesTheEarlierOne) {
  auto const run = begin();
  auto const rates = [&](std::string const& first, std::string const& second) {
    auto const rate = [](std::string const& value) {
      TestRow row;
      row.values = {{"currency", "EUR"}, {"on_date", "2026-02-01"}, {"usd_rate", value}};
      return row;
    };
    return page(run, {batch_of("fx_rate", {rate(first), rate(second)})});
  };
  auto const written = store_together({rates("1.1", "1.2"), rates("1.3", "1.4")});
  EXPECT_EQ(written.inserted + written.updated, 2);
  EXPECT_EQ(value("SELECT string_agg(usd_rate::text, ' ') FROM affsync.fx_rate"), "1.4");
}

// Within one page two parts of the mapping may give a table the same key: both versions are stored,
// one after the other.
TEST_F(JoinedPages, APageWithTwoBatchesOfATableIsStoredAlone) {
  auto const run = begin();
  auto twice =
      page(run, {batch_of("payout", {paid("a", "1")}), batch_of("payout", {paid("a", "2")})});
  PageGroup group, behind;
  auto plain = payouts(run, {paid("b", "1")});
  ASSERT_TRUE(group.add(plain));
  EXPECT_FALSE(group.add(twice));
  ASSERT_TRUE(behind.add(twice));
  auto other = payouts(run, {paid("c", "1")});
  EXPECT_FALSE(behind.add(other));
  auto const written = loop.run(store->write_page(behind.take()));
  EXPECT_EQ(written.inserted, 1);
  EXPECT_EQ(written.updated, 1);
  EXPECT_EQ(stored(), "a=2");
  EXPECT_EQ(value("SELECT before ->> 'amount' FROM affsync.record_change"), "1");
}

}  // namespace
}  // namespace affsync::schema::test::joined_pages_test
