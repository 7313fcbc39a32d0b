// The SQL of docs/queries.md, run as a reader over a database with rows in every table.
#include <fstream>
#include <iterator>

#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {
namespace {

// Every block that is marked as SQL.
std::vector<std::string> queries_of(std::string const& file) {
  std::ifstream in(std::string(AFFSYNC_SOURCE_DIR) + "/" + file);
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  std::string const begin = "```sql\n", end = "```";
  std::vector<std::string> queries;
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    at += begin.size();
    queries.push_back(text.substr(at, text.find(end, at) - at));
  }
  return queries;
}

class Queries : public StoreTest {
 protected:
  void put(std::string const& stream, std::string_view table, std::vector<TestRow> const& rows) {
    write(begin(stream), table, rows);
  }

  // At least one row in each table, of today as the queries see it.
  void fill_every_table() {
    auto const today = value("SELECT (now() AT TIME ZONE 'UTC')::date");
    std::vector<std::pair<std::string, std::optional<std::string>>> const earned = {
        {"client_ref", "c1"}, {"kind", "cpa"},      {"status", "approved"},
        {"amount", "10"},     {"currency", "USD"},  {"occurred_on", today},
        {"grain", "day"},     {"link_code", "link"}};
    now = std::chrono::time_point_cast<TimePoint::duration>(std::chrono::system_clock::now());
    put("rewards", "commission", {{"r1", earned}});
    auto less = earned;
    less[3].second = "9";
    put("rewards", "commission", {{"r1", less}});
    put("clients", "client",
        {{"c1",
          {{"client_ref", "c1"},
           {"registered_at", today + "T00:00:00Z"},
           {"has_deposit", "false"},
           {"link_code", "link"}}}});
    put("accounts", "trading_account", {{"a1", {{"client_ref", "c1"}}}});
    put("groups", "rebate_group", {{"g1", {{"title", "Gold"}}}});
    put("rebates", "rebate",
        {{"r1", {{"client_ref", "c1"}, {"amount", "1"}, {"currency", "USD"}}}});
    put("payouts", "payout",
        {{"p1",
          {{"status", "paid"},
           {"requested_at", today + "T00:00:00Z"},
           {"paid_at", today + "T00:00:00Z"}}},
         {"p2", {{"status", "requested"}, {"requested_at", today + "T00:00:00Z"}}}});
    put("wallets", "balance", {{"w1", {{"amount", "5"}}}});
    put("rates", "fx_rate",
        {{"e", {{"currency", "EUR"}, {"on_date", today}, {"usd_rate", "1.1"}}}});
    auto const run = begin("rewards");
    auto close = slice(run, "commission", {"r1"});
    TotalToCompare total;
    total.metric = "rows";
    total.broker_value = "2";
    close.totals = {total};
    loop.run(store->close_slice(close));
    end(run);
  }
};

TEST_F(Queries, OfTheDocumentationRunForAReaderAndFindRows) {
  fill_every_table();
  for (auto const& table : stream_tables()) {
    EXPECT_NE(value("SELECT count(*) FROM affsync." + std::string(table.name)), "0") << table.name;
  }
  auto const queries = queries_of("docs/queries.md");
  EXPECT_GE(queries.size(), 10U);
  auto const reader = url + " options='-c role=affsync_reader'";
  for (auto const& query : queries) {
    try {
      EXPECT_FALSE(sql(reader, query).empty()) << "no rows from\n" << query;
    } catch (std::exception const& error) {
      ADD_FAILURE() << error.what() << "\nfrom\n" << query;
    }
  }
}

TEST_F(Queries, OfTheSchemasDocumentationAreSql) {
  auto const reader = url + " options='-c role=affsync_reader'";
  for (auto const* file : {"docs/schema.md", "README.md"}) {
    auto const queries = queries_of(file);
    EXPECT_FALSE(queries.empty()) << file;
    for (auto const& query : queries) EXPECT_NO_THROW(sql(reader, query)) << file << "\n" << query;
  }
}

}  // namespace
}  // namespace affsync::schema::test
