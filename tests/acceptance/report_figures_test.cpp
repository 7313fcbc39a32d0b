// The figures of `affsync report` where not everything is known: rows without a rate, without a
// currency, payouts without a state or a day.
#include <atomic>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::report_figures_test {
namespace {

class ReportFigures : public PlainAcceptance {
 protected:
  // Serves commission of /rows and payouts of /payouts.
  void fill(std::string const& rows, std::string const& payouts = "") {
    serve([this, rows, payouts](std::string const& target) {
      auto text = target.starts_with("/rows") ? rows : payouts;
      if (gone && !text.empty()) text.replace(text.find("open"), 4, "gone");
      return answer_of(R"({"data":[)" + text + "]}");
    });
    use_connector("plain", R"(name: plain
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    key: id
    map:
      amount: amount
      amount_usd: usd
      currency: currency
      occurred_on: day
      client_ref: client
      status: {from: state, as: enum, table: {open: pending, done: paid, gone: rejected}}
  payouts:
    table: payout
    path: /payouts
    records: data
    key: id
    map:
      amount: amount
      amount_usd: usd
      currency: currency
      requested_at: asked
      paid_at: paid
      status: {from: state, as: enum, table: {done: paid, open: requested, "no": rejected}, default: unknown}
)");
    ASSERT_NE(sync().status, 2);
  }
  std::string csv(std::vector<std::string> arguments) {
    auto out = report(std::move(arguments), "csv");
    std::erase(out, '\r');
    return out;
  }
  std::string report(std::vector<std::string> arguments, std::string const& output) {
    arguments.insert(arguments.begin(), "report");
    arguments.insert(arguments.end(), {"--output", output});
    auto const ended = affsync(arguments);
    EXPECT_EQ(ended.status, 0) << ended.err;
    return ended.out;
  }
  // "currency amount_usd" of each total; "-" for null, "all" where there is no currency at all.
  std::vector<std::string> totals(std::vector<std::string> arguments) {
    auto const json = parse_json(report(std::move(arguments), "json")).value();
    std::vector<std::string> all;
    for (auto const& total : json.find("totals")->items()) {
      auto const* currency = total.find("currency");
      auto const* usd = total.find("amount_usd");
      all.push_back(
          (currency == nullptr
               ? "all"
               : std::string(currency->is_null() ? "-" : currency->scalar_text().value())) +
          " " + (usd == nullptr ? "-" : std::string(usd->scalar_text().value())));
    }
    return all;
  }
  static std::string row(std::string const& id, std::string const& rest) {
    return R"({"id":")" + id + R"(","state":"open",)" + rest + "}";
  }

  std::atomic<bool> gone = false;  // the broker rejects the first row
  // Of the 2 ABC without a dollar figure nothing is known; of the 50 beside them it is.
  std::string const mixed =
      row("1", R"("amount":"50","usd":"50","currency":"ABC","day":"2026-03-02","client":"c1")") +
      "," + row("2", R"("amount":"2","currency":"ABC","day":"2026-03-02","client":"c1")") + "," +
      row("3", R"("amount":"7","currency":"USD","day":"2026-03-02","client":"c2")") + "," +
      row("4", R"("amount":"3","currency":"XYZ","day":"2026-03-03","client":"c3")");
};

TEST_F(ReportFigures, sums_in_dollars_have_all_that_is_known_however_they_are_cut) {
  fill(mixed);
  std::vector<std::string> const expected{"ABC 50", "USD 7", "XYZ -", "all 57"};
  for (auto const* cut : {"day", "month", "source", "kind", "client", "link"}) {
    EXPECT_EQ(totals({"earnings", "--by", cut}), expected) << cut;
  }
  EXPECT_EQ(totals({"earnings", "--by", "currency"}), std::vector<std::string>{"all 57"});
  // A line is blank, since a part would be taken for the whole.
  EXPECT_NE(csv({"earnings"}).find("2026-03,ABC,52,,1,"), std::string::npos) << csv({"earnings"});
  EXPECT_EQ(totals({"unpaid"}), (std::vector<std::string>{"ABC 50", "USD 7", "XYZ -"}));
  EXPECT_EQ(query("select string_agg(concat_ws(' ', currency, coalesce(amount_usd::text, '-'),"
                  " coalesce(known_usd::text, '-'), rows_without_usd), ', ' order by currency)"
                  " from reporting.earnings_daily"),
            "ABC - 50 1, USD 7 7 0, XYZ - - 1");
}

TEST_F(ReportFigures, rows_without_a_currency_have_a_sum_of_their_own) {
  fill(row("1", R"("amount":"5","day":"2026-03-02")") + "," +
       row("2", R"("amount":"7","currency":"USD","day":"2026-03-02")") + "," +
       row("3", R"("amount":"9","currency":"EUR","usd":"10","day":"2026-03-02")"));
  EXPECT_EQ(totals({"earnings"}), (std::vector<std::string>{"EUR 10", "USD 7", "- -", "all 17"}));
  EXPECT_EQ(totals({"unpaid"}), (std::vector<std::string>{"EUR 10", "USD 7", "- -"}));
  auto const table = affsync({"report", "unpaid"}).out;
  EXPECT_EQ(table.find("all"), std::string::npos) << table;
}

TEST_F(ReportFigures, clients_have_the_figures_of_the_view_and_what_is_known) {
  fill(mixed);
  EXPECT_EQ(csv({"clients"}),
            "client_ref,source,country,status,registered_on,last_commission_on,commission_usd,"
            "rebate_usd,net_usd,known_commission_usd,known_rebate_usd,known_net_usd,"
            "rows_without_usd,volume_lots\n"
            "c1,main,,,,2026-03-02,,0,,50,0,50,1,\n"
            "c2,main,,,,2026-03-02,7,0,7,7,0,7,0,\n"
            "c3,main,,,,2026-03-03,,0,,,0,,1,\n");
}

// Most networks list no clients, so that none has a day of registration.
TEST_F(ReportFigures, clients_that_a_range_of_days_leaves_out_are_told_with_their_money) {
  fill(mixed + "," + row("5", R"("amount":"1","currency":"USD","day":"2026-03-02")"));
  auto const text = report({"clients", "--since", "2026-01-01"}, "table");
  EXPECT_NE(text.find("Left out for lack of a day of registration: 3 clients and the money that "
                      "belongs to no client of main, with 58.00 USD and 2 rows without a rate."),
            std::string::npos)
      << text;
  EXPECT_EQ(report({"clients"}, "table").find("Left out"), std::string::npos);
}

TEST_F(ReportFigures, payouts_are_refused_only_if_the_broker_says_so) {
  fill("", row("1", R"("amount":"10","currency":"USD","asked":"2026-03-01")") + "," +
               R"({"id":"2","amount":"20","currency":"USD","state":"done","paid":"2026-03-05"},)"
               R"({"id":"3","amount":"30","currency":"USD","state":"no","asked":"2026-03-02"},)"
               R"({"id":"4","amount":"40","currency":"USD","state":"zzz","asked":"2026-03-03"},)"
               R"({"id":"5","amount":"50","currency":"USD","asked":"2026-03-04"})");
  EXPECT_EQ(csv({"payouts", "--by", "source"}),
            "source,currency,paid,open,refused,other,rows,median_days\n"
            "main,USD,20,10,30,90,5,\n");
  // The day of payment is not that of the request.
  auto const lines = csv({"payouts"});
  EXPECT_NE(lines.find("\n,main,2,paid,USD,20,20,,2026-03-05T00:00:00Z,"), std::string::npos)
      << lines;
}

// Sums have what is known, and say how much is not in them.
TEST_F(ReportFigures, sums_of_payouts_and_rebates_have_the_known_dollars) {
  fill(
      "",
      R"({"id":"1","amount":"10","usd":"12.5","currency":"GBP","state":"done","paid":"2026-03-05"},)"
      R"({"id":"2","amount":"20","currency":"GBP","state":"done","paid":"2026-03-06"})");
  auto const payouts = parse_json(report({"payouts"}, "json")).value();
  auto const text = [&](Json const& of, char const* path) {
    auto const* found = JsonPath(path).in(of);
    return found == nullptr ? "" : std::string(found->scalar_text().value_or(""));
  };
  EXPECT_EQ(text(payouts, "totals.0.amount"), "30");
  EXPECT_EQ(text(payouts, "totals.0.amount_usd"), "12.5");
  EXPECT_EQ(text(payouts, "totals.0.rows_without_usd"), "1");
  execute(
      "insert into affsync.rebate (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, client_ref, amount, currency, basis_amount_usd, grain,"
      " occurred_at, raw) select source_id, 'rebates', 'r' || n, gen_random_uuid(), now(), now(),"
      " 1, 1, 'c' || n, 10 + 40 * (n - 1), 'USD', case n when 1 then 100 end, 'event',"
      " '2026-03-01Z', '{}' from affsync.source, generate_series(1, 2) n");
  auto const rebates = parse_json(report({"rebates"}, "json")).value();
  EXPECT_EQ(text(rebates, "totals.0.amount"), "60");
  EXPECT_EQ(text(rebates, "totals.0.net_usd"), "90");
  EXPECT_EQ(text(rebates, "totals.0.rows_without_net"), "1");
}

// What a running total grew by is not added to what was changed in single rows.
TEST_F(ReportFigures, changes_of_running_totals_are_lines_of_their_own) {
  fill(row("1", R"("amount":"11","currency":"USD","day":"2026-03-02")"));
  execute(
      "insert into affsync.commission (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, amount, currency, grain, raw) select source_id, stream,"
      " 'total', gen_random_uuid(), now(), now(), 2, 1, 1500, 'USD', 'lifetime', '{}'"
      " from affsync.commission");
  execute(
      "insert into affsync.record_change (source_id, record_table, stream, external_id, run_id,"
      " changed_at, operation, before, after) select source_id, 'commission', stream, external_id,"
      " 1, now(), 'update', jsonb_build_object('amount', case external_id when 'total' then 1000"
      " else 10 end), jsonb_build_object('amount', amount) from affsync.commission");
  EXPECT_EQ(csv({"changes", "--by", "kind"}),
            "column,currency,changes,rows,raised,lowered\n"
            "commission.amount,USD,1,1,1,\n"
            "commission.amount (running total),USD,1,1,500,\n");
}

TEST_F(ReportFigures, the_same_reference_at_two_sources_is_two_people) {
  fill(row("1", R"("amount":"5","currency":"USD","day":"2026-03-02","client":"c1")"));
  source_yaml = "  - name: other\n    connector: plain\n    base_url: " + plain().url() +
                "\n    credentials: {api_key: another-key}\n";
  configure();
  ASSERT_EQ(sync().status, 0);
  gone = true;
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(csv({"clawbacks", "--by", "client"}),
            "client_ref,source,currency,difference,rows\nc1,main,USD,-5,1\nc1,other,USD,-5,1\n");
}

// A closing figure of the past does not change with today's rates.
TEST_F(ReportFigures, a_balance_of_the_past_is_worth_what_it_was_worth_then) {
  fill(R"({"id":1,"amount":"1","usd":"1","currency":"USD","day":"2026-01-01","state":"open"})");
  execute(
      "insert into affsync.balance (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, metric, currency, amount, raw) select source_id, 'wallet',"
      " 'w', gen_random_uuid(), '2026-01-05Z', '2026-01-05Z', 1, 1, 'wallet', 'BTC', 2, '{}'"
      " from affsync.source");
  execute(
      "insert into affsync.fx_rate (currency, on_date, usd_rate, provider) values"
      " ('BTC', '2026-02-27', 60000, 'test'), ('BTC', (now() at time zone 'UTC')::date, 90000,"
      " 'test')");
  auto const line = [](std::string const& text) { return text.substr(text.find('\n') + 1); };
  EXPECT_EQ(line(csv({"balances", "--until", "2026-02-28"})),
            "main,wallet,,BTC,2,,120000,2026-01-05T00:00:00Z,\n");
  EXPECT_EQ(line(csv({"balances", "--until", "2026-02-28", "--by", "currency"})),
            "wallet,BTC,2,120000,1\n");
  EXPECT_EQ(line(csv({"balances", "--by", "currency"})), "wallet,BTC,2,180000,1\n");
}

}  // namespace
}  // namespace affsync::test::report_figures_test
