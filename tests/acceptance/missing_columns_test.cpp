// A CSV that lacks what the connector reads is no report: nothing that is stored becomes empty or
// vanishes.
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::missing_columns_test {
namespace {

class MissingColumns : public Strangers {
 protected:
  void serve(std::string const& key, std::string const& more = "") {
    source_yaml = "    mass_drop: 100%\n";
    start_own_broker(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /report
    window: {from: from, to: to, start: 2026-06-01, span: 3660d, lookback: 3660d, column: occurred_on}
    mode: replace_window
    format: csv
    key: )" + key + R"(
    map:
      client_ref: Client
      amount: Amount
      currency: {const: USD}
      occurred_on: Day
)" + more,
                     "{}", [&](Asked const&) { return reply(body, "200 OK", "", "text/csv"); });
  }
  void expect_refused(std::string const& text, std::string const& shown) {
    body = text;
    for (int i = 0; i < 2; ++i) {
      auto const synced = pass();
      EXPECT_EQ(synced.of("rows", "status"), "failed") << synced.out << synced.err;
      EXPECT_EQ(synced.of("rows", "error_code"), "malformed_answer");
      EXPECT_NE((synced.out + synced.err).find(shown), std::string::npos) << synced.out;
    }
    EXPECT_EQ(query("select string_agg(client_ref || '=' || amount, ' ' order by client_ref)"
                    " from affsync.commission where deleted_at is null"),
              "ann=5 ben=7");
    EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  }

  std::string const good = "Client,Day,Amount\nann,2026-06-01,5\nben,2026-06-01,7\n";
  std::string body = good;
};

TEST_F(MissingColumns, of_a_report_without_a_key_make_it_no_report) {
  serve("{hash: all}");
  expect_green(pass(), 2);
  expect_refused("Error, try later\n", "Error try later");
  expect_refused("Error, try later\nref, abc\n", "Error try later");
  expect_refused("Client,Day,Sum\nann,2026-06-01,5\nben,2026-06-01,7\n", "it has: Client Day Sum");
  body = "Commissions of June\n" + good;
  expect_no_change();
}

TEST_F(MissingColumns, of_a_report_with_a_key_make_nothing_empty) {
  serve("[Client, Day]");
  expect_green(pass(), 2);
  expect_refused("Client,Day,Sum\nann,2026-06-01,5\nben,2026-06-01,7\n",
                 "the header has no column `Amount`, which `map` or `where` reads; it has: Client "
                 "Day Sum");
  expect_refused("Client,Day\n", "it has: Client Day");
}

TEST_F(MissingColumns, may_be_declared) {
  serve("[Client, Day]", "      symbol: {from: Pair, optional: true}\n");
  expect_green(pass(), 2);
  body = "Client,Day,Amount,Pair\nann,2026-06-01,5,EURUSD\nben,2026-06-01,7,\n";
  EXPECT_EQ(pass().count("rows", "updated"), 2);
  EXPECT_EQ(query("select symbol from affsync.commission where client_ref = 'ann'"), "EURUSD");
}

}  // namespace
}  // namespace affsync::test::missing_columns_test
