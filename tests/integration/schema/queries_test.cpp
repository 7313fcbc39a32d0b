// Runs the SQL of README.md and docs as a reader on a database with rows in every table, including
// those that must not be added up: rejected and reversed rows, two currencies, rows without a state
// or a client, running totals. The expected sums were computed by hand.
#include <fstream>
#include <iterator>
#include <map>

#include "tests/integration/schema/fixture.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::schema::test::queries_test {
namespace {

// Every block that is marked as SQL.
std::vector<std::string> queries_of(std::string const& file) {
  std::ifstream in(affsync::test::in_source(file));
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

  // Puts at least one row into each table, dated today as the queries see it.
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
    put("traffic", "metric",
        {{"m1",
          {{"grain", "day"}, {"occurred_on", today}, {"link_code", "link"}, {"clicks", "7"}}}});
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

// Three sources: "alpha" reports which rows are paid, "beta" (the name of the fixture's source)
// only approves rows, "gamma" has running totals.
class DocumentedSums : public Queries {
 protected:
  void at(std::string const& name) {
    source = loop.run(store->register_source(name, "testing", "https://" + name + ".example"));
  }
  static TestRow earned(std::string key, char const* day, std::optional<std::string> status,
                        char const* amount, char const* currency, char const* client,
                        char const* link = nullptr) {
    TestRow row{std::move(key),
                {{"occurred_on", day},
                 {"status", std::move(status)},
                 {"amount", amount},
                 {"currency", currency},
                 {"kind", "cpa"},
                 {"grain", "day"}}};
    if (client != nullptr) row.values.emplace_back("client_ref", client);
    if (link != nullptr) row.values.emplace_back("link_code", link);
    return row;
  }
  static TestRow total(char const* amount) {
    return {"t",
            {{"client_ref", "g1"},
             {"amount", amount},
             {"currency", "USD"},
             {"kind", "lot"},
             {"grain", "lifetime"}}};
  }
  static TestRow passed_on(char const* amount) {
    return {"r",
            {{"client_ref", "g1"}, {"amount", amount}, {"currency", "USD"}, {"grain", "lifetime"}}};
  }
  void fill_three_sources() {
    sql(url,
        "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', '2026-02-10', "
        "2)");
    at("alpha");
    declare("rewards", "commission", true, true);
    declare("orders", "commission", false, true);
    put("rewards", "commission",
        {earned("a1", "2026-02-10", "paid", "10", "USD", "a1", "north"),
         earned("a2", "2026-02-11", "approved", "4", "EUR", "a1", "north"),
         earned("a3", "2026-02-11", "rejected", "1000", "USD", "a1", "north"),
         earned("a4", "2026-02-12", "reversed", "500", "EUR", "a2"),
         earned("a5", "2026-02-12", std::nullopt, "3", "USD", nullptr),
         earned("a6", "2026-01-31", "paid", "7", "USD", "a2", "south"),
         earned("a7", "2026-02-10", "paid", "30", "USD", "a2", "south")});
    put("orders", "commission", {earned("o", "2026-02-10", "paid", "10", "USD", "a1")});
    now += std::chrono::hours(1);
    put("rewards", "commission",
        {earned("a7", "2026-02-10", "paid", "25", "EUR", "a2", "south"),  // restated: no difference
         earned("a6", "2026-01-31", "paid", "5", "USD", "a2", "south"),   // -2
         earned("a3", "2026-02-11", "rejected", "900", "USD", "a1", "north")});
    put("rebates", "rebate",
        {{"r1",
          {{"client_ref", "a1"},
           {"amount", "2"},
           {"currency", "USD"},
           {"occurred_at", "2026-02-10T00:00:00Z"}}},
         {"r2",
          {{"client_ref", "a1"},
           {"amount", "200"},
           {"currency", "USD"},
           {"status", "rejected"},
           {"occurred_at", "2026-02-10T00:00:00Z"}}}});
    put("wallets", "balance",
        {{"w", {{"metric", "wallet"}, {"amount", "90"}, {"currency", "USD"}}}});
    put("wallets", "balance",
        {{"w", {{"metric", "wallet"}, {"amount", "75"}, {"currency", "USD"}}}});
    at("beta");
    declare("rewards", "commission", true, false);
    put("rewards", "commission",
        {earned("b1", "2026-02-10", "approved", "60", "USD", "b1"),
         earned("b2", "2026-02-10", "approved", "40", "USD", nullptr)});
    put("balance", "balance",
        {{"b", {{"metric", "balance"}, {"amount", "25"}, {"currency", "USD"}}}});
    at("gamma");
    put("totals", "commission", {total("100")});
    put("rebate_totals", "rebate", {passed_on("50")});
    now += std::chrono::hours(24);  // 2 March
    put("totals", "commission", {total("110")});
    put("rebate_totals", "rebate", {passed_on("53")});
  }
  // The rows of the documented query that contains this text, with only these columns, sorted.
  std::vector<Cells> answer(std::string const& file, std::string const& with,
                            std::string const& columns) {
    for (auto const& block : queries_of(file)) {
      for (std::size_t begin = 0; begin < block.size();) {  // a block may have several statements
        auto const end = std::min(block.find(";\n", begin), block.size());
        auto const query = block.substr(begin, end - begin);
        begin = end + 2;
        if (query.find(with) == std::string::npos) continue;
        return sql(url + " options='-c role=affsync_reader'",
                   "SELECT " + columns + " FROM (" + query + "\n) asked ORDER BY " + columns);
      }
    }
    ADD_FAILURE() << "no documented query contains: " << with;
    return {};
  }
};

TEST_F(DocumentedSums, OfTheReadme) {
  fill_three_sources();
  std::vector<Cells> const earned{{"2026-01-01", "alpha", "USD", "5"},
                                  {"2026-02-01", "alpha", "EUR", "29"},
                                  {"2026-02-01", "alpha", "USD", "13"},
                                  {"2026-02-01", "beta", "USD", "100"},
                                  {"2026-03-01", "gamma", "USD", "10"}};
  EXPECT_EQ(answer("README.md", "month by month", "month, source, currency, sum"), earned);
  std::vector<Cells> const changed{{"a6", "USD", "7", "5", "-2"},
                                   {"a7", "EUR", "30", "25", std::nullopt}};
  EXPECT_EQ(answer("README.md", "changed after the fact",
                   "external_id, currency, before, after, difference"),
            changed);
  std::vector<Cells> const owed{{"alpha", "wallet", "75"}, {"beta", "balance", "25"}};
  EXPECT_EQ(answer("README.md", "say that they owe", "source, metric, amount"), owed);
  std::vector<Cells> const clients{{"a1", "18", "2", "16"},  // 10 and 4 EUR at 2, minus 2
                                   {"a2", "55", "0", "55"},  // 5 and 25 EUR at 2
                                   {"b1", "60", "0", "60"},       {"g1", "110", "53", "57"},
                                   {std::nullopt, "3", "0", "3"}, {std::nullopt, "40", "0", "40"}};
  EXPECT_EQ(answer("README.md", "brings the most",
                   "client_ref, known_commission_usd, known_rebate_usd, known_net_usd"),
            clients);
}

TEST_F(DocumentedSums, OfTheQuestions) {
  fill_three_sources();
  std::string const file = "docs/queries.md";
  std::vector<Cells> const months{{"2026-01-01", "5"}, {"2026-02-01", "171"}, {"2026-03-01", "10"}};
  EXPECT_EQ(answer(file, "AS month, sum(known_usd)", "month, known_usd"), months);
  std::vector<Cells> const unpaid{{"alpha", "EUR", "4"}};
  EXPECT_EQ(answer(file, "oldest_days", "source, currency, amount"), unpaid);
  std::vector<Cells> const owed{{"alpha", "wallet", "75", "75"}, {"beta", "balance", "25", "25"}};
  EXPECT_EQ(answer(file, "WHERE is_current", "source, metric, amount, amount_usd"), owed);
  std::vector<Cells> const taken{{"alpha", "currency changed", "EUR", "1", std::nullopt},
                                 {"alpha", "lowered", "USD", "1", "-2"}};
  EXPECT_EQ(answer(file, "sum(difference)", "source, reason, currency, rows, difference"), taken);
  std::vector<Cells> const cost{{"alpha", "76", "2"}, {"beta", "100", "0"}, {"gamma", "110", "53"}};
  EXPECT_EQ(answer(file, "rebate_percent", "source, earned_usd, rebate_usd"), cost);
  std::vector<Cells> const net{{"alpha", "2026-01-01", "5", "0", "5"},
                               {"alpha", "2026-02-01", "71", "2", "69"},
                               {"beta", "2026-02-01", "100", "0", "100"},
                               {"gamma", "2026-03-01", "10", "3", "7"}};
  EXPECT_EQ(answer(file, "rebates_monthly", "source, month, earned_usd, rebate_usd, net_usd"), net);
  // Nobody knows what of beta's was paid, since its rows do not show it.
  auto const none = std::nullopt;
  std::vector<Cells> const states{{"alpha", "EUR", "25", "4", "0", "500", none},
                                  {"alpha", "USD", "15", none, none, "900", "3"},
                                  {"beta", "USD", none, none, "100", none, none},
                                  {"gamma", "USD", none, none, none, none, "10"}};
  EXPECT_EQ(
      answer(file, "AS to_come", "source, currency, paid, to_come, paid_or_to_come, lost, unknown"),
      states);
  std::vector<Cells> const links{
      {"alpha", "north", "EUR", "4"},      {"alpha", "north", "USD", "10"},
      {"alpha", "south", "EUR", "25"},     {"alpha", "south", "USD", "5"},
      {"alpha", std::nullopt, "USD", "3"}, {"beta", std::nullopt, "USD", "100"},
      {"gamma", std::nullopt, "USD", "10"}};
  EXPECT_EQ(answer(file, "earnings_by_link", "source, link_code, currency, amount"), links);
}

TEST_F(DocumentedSums, OfTheSchema) {
  fill_three_sources();
  std::vector<Cells> const february{
      {"alpha", "EUR", "29", "58"}, {"alpha", "USD", "13", "13"}, {"beta", "USD", "100", "100"}};
  EXPECT_EQ(answer("docs/schema.md", "came in last month", "source, currency, amount, known_usd"),
            february);
  EXPECT_TRUE(answer("docs/schema.md", "net_usd < 0", "source").empty());
}

TEST_F(Queries, OfTheSchemasDocumentationAreSql) {
  auto const reader = url + " options='-c role=affsync_reader'";
  for (auto const* file : {"docs/schema.md", "README.md"}) {
    auto const queries = queries_of(file);
    EXPECT_FALSE(queries.empty()) << file;
    for (auto const& query : queries) EXPECT_NO_THROW(sql(reader, query)) << file << "\n" << query;
  }
}

// A call that stays in the plan is made for each row, and hides the columns that an index is over.
TEST_F(Queries, FunctionsOfTheViewsAreInlined) {
  for (std::string const view :
       {"affsync.fx_implied", "affsync.commission_books", "affsync.commission_steps",
        "affsync.rebate_books", "affsync.rebate_steps", "reporting.payouts", "reporting.balances",
        "reporting.retroactive_changes", "reporting.clawbacks"}) {
    std::string plan;
    for (auto const& line : rows("EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM " + view)) {
      plan += *line[0] + "\n";
    }
    EXPECT_FALSE(plan.empty());
    EXPECT_EQ(plan.find("usd_rate("), std::string::npos) << view << "\n" << plan;
    EXPECT_EQ(plan.find("earned_on("), std::string::npos) << view << "\n" << plan;
  }
}

}  // namespace
}  // namespace affsync::schema::test::queries_test
