// What the reports and the views behind them cost as an installation becomes older: the rows that
// PostgreSQL moves through the plan of each, as EXPLAIN counts them, not time. Four times the days
// are about four times the work.
#include <pqxx/pqxx>

#include <map>

#include "base/json.hpp"
#include "daemon/reports/plan.hpp"
#include "schema/store/pg_session.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::report_work_test {
namespace {

class ReportWork : public StoreTest {
 protected:
  // So many days of commission in two currencies and three kinds, running totals that grow daily,
  // rebates, payouts and changes.
  void live(int days) {
    std::string const each = " FROM generate_series(1, " + std::to_string(days) + ") d";
    std::string const day = "(date '2026-02-28' - d)";
    std::string const of_day = day + "::timestamp AT TIME ZONE 'UTC'";
    std::string const meta =
        "source_id, stream, external_id, content_hash, first_seen_at,"
        " changed_at, revision, run_id, raw";
    auto const common = [&](std::string const& stream, std::string const& key) {
      return " SELECT 1, '" + stream + "', " + key + ", md5(" + key + ")::uuid, " + of_day + ", " +
             of_day + ", 1, 1, '{}'::jsonb, ";
    };
    sql(url,
        "INSERT INTO affsync.stream (source_id, stream, record_table) VALUES"
        " (1, 'rewards', 'commission'), (1, 'totals', 'commission'), (1, 'rebates', 'rebate'),"
        " (1, 'payouts', 'payout'), (1, 'clients', 'client')");
    sql(url, "INSERT INTO affsync.commission (" + meta +
                 ", client_ref, kind, status, amount, currency, grain, occurred_on)" +
                 common("rewards", "d || k.kind || c.unit") +
                 "'c' || d / 10, k.kind,"
                 " CASE WHEN d % 7 = 0 THEN 'rejected' ELSE 'approved' END, d, c.unit, 'day', " +
                 day + each +
                 ", (VALUES ('cpa'), ('lot'), ('bonus')) k (kind),"
                 " (VALUES ('USD'), ('EUR')) c (unit)");
    sql(url,
        "INSERT INTO affsync.commission (" + meta +
            ", client_ref, kind, status, amount, currency, grain)" + common("totals", "'t' || d") +
            "'c' || d, 'lot', 'accrued', 5000, 'USD', 'lifetime' FROM generate_series(1, 3) d");
    sql(url, "INSERT INTO affsync.rebate (" + meta +
                 ", client_ref, amount, currency, occurred_at)" + common("rebates", "'r' || d") +
                 "'c' || d / 10, 1, 'USD', " + of_day + each);
    sql(url, "INSERT INTO affsync.payout (" + meta + ", amount, currency, status, requested_at)" +
                 common("payouts", "'p' || d") + "100, 'USD', 'paid', " + of_day + each +
                 " WHERE d % 5 = 0");
    sql(url, "INSERT INTO affsync.client (" + meta + ", client_ref, registered_at)" +
                 common("clients", "'c' || d") + "'c' || d / 10, " + of_day + each +
                 " WHERE d % 10 = 0");
    std::string const change =
        "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
        " changed_at, operation, before, after) SELECT 1, 'commission', ";
    sql(url, change + "'rewards', d || 'cpaUSD', 1, " + of_day +
                 ", 'update', jsonb_build_object("
                 "'amount', d + 1), jsonb_build_object('amount', d)" +
                 each);
    sql(url, change + "'totals', 't' || t, 1, " + of_day +
                 ", 'update', jsonb_build_object("
                 "'amount', 5000 - d), jsonb_build_object('amount', 5001 - d)" +
                 each + ", generate_series(1, 3) t");
    loop.run(store->fold_earnings(1'000'000));
  }
  static double rows_of(Json const& node) {
    auto const figure = [&](char const* name) {
      auto const* value = node.find(name);
      return value == nullptr ? 0.0 : std::stod(value->number_text());
    };
    double sum = (figure("Actual Rows") + figure("Rows Removed by Filter") +
                  figure("Rows Removed by Join Filter")) *
                 figure("Actual Loops");
    if (auto const* below = node.find("Plans")) {
      for (auto const& plan : below->items()) sum += rows_of(plan);
    }
    return sum;
  }
  double work_of(std::string const& report, std::string const& by) {
    reports::ReportOptions options;
    options.report = report;
    options.by = by;
    auto const plan = reports::plan_report(options);
    return work_of(plan.sql, plan.parameters);
  }
  double work_of(std::string const& query, SqlParams const& parameters) {
    pqxx::connection connection(url);
    pqxx::nontransaction tx(connection);
    auto const told =
        exec(tx, "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) " + query, parameters);
    JsonLimits limits;
    limits.depth = 400;
    auto const document = parse_json(told[0][0].c_str(), limits).value();
    return rows_of(*document.items()[0].find("Plan"));
  }
  std::map<std::string, double> all_work() {
    std::map<std::string, double> all;
    for (auto const& about : reports::all_reports()) {
      all[about.name] = work_of(about.name, "");
      for (auto const& cut : about.cuts) {
        all[about.name + " by " + cut] = work_of(about.name, cut);
      }
    }
    for (auto const& row :
         rows("SELECT relname FROM pg_class WHERE relnamespace = 'reporting'::regnamespace"
              " AND relkind = 'v'")) {
      all["reporting." + *row[0]] = work_of("SELECT * FROM reporting." + *row[0], SqlParams{});
    }
    return all;
  }
};

TEST_F(ReportWork, GrowsWithTheDaysAndNotWithTheirSquare) {
  live(120);
  auto const before = all_work();
  sql(url,
      "TRUNCATE affsync.commission, affsync.rebate, affsync.payout, affsync.client,"
      " affsync.record_change");
  sql(url, "DELETE FROM affsync.stream");
  live(480);
  for (auto const& [report, work] : all_work()) {
    EXPECT_LE(work, 6 * before.at(report) + 1'000) << report;
  }
}

}  // namespace
}  // namespace affsync::schema::test::report_work_test
