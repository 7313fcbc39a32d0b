// `affsync report`: each report with each of its cuts, their help, and what the newer ones say.
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::report_commands_test {
namespace {

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

class ReportCommands : public PlainAcceptance {
 protected:
  std::string csv(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "report");
    arguments.insert(arguments.end(), {"--output", "csv"});
    auto const ended = affsync(arguments);
    EXPECT_EQ(ended.status, 0) << ended.err;
    std::string text;
    for (char const c : ended.out) {
      if (c != '\r') text += c;
    }
    return text;
  }
  // Three rows: two in one ISO week that spans two years, one half a year later.
  void fill() {
    serve_rows({row(1, "10", "2025-12-31", "open"), row(2, "5", "2026-01-01", "done"),
                row(3, "2.50", "2026-07-01", "open")});
    use_statuses();
    ASSERT_EQ(sync().status, 0);
  }
  // A connector whose rows have a status.
  void use_statuses() {
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
      currency: currency
      occurred_on: day
      status: {from: state, as: enum, table: {open: pending, done: paid, "no": rejected}}
      client_ref: client
)");
  }
  static std::string row(int id, std::string const& amount, std::string const& day,
                         std::string const& state) {
    return R"({"id":)" + std::to_string(id) + R"(,"amount":")" + amount +
           R"(","currency":"USD","day":")" + day + R"(","state":")" + state + R"(","client":"c1"})";
  }
};

TEST_F(ReportCommands, every_report_runs_with_each_of_its_cuts) {
  fill();
  std::vector<std::pair<std::string, std::vector<std::string>>> const reports{
      {"earnings",
       {"day", "week", "month", "quarter", "year", "source", "client", "link", "currency", "kind"}},
      {"clients", {"client", "source", "month"}},
      {"payouts", {"day", "week", "month", "quarter", "year", "source", "currency", "kind"}},
      {"rebates",
       {"day", "week", "month", "quarter", "year", "client", "source", "currency", "kind"}},
      {"changes", {"day", "week", "month", "quarter", "year", "source", "kind"}},
      {"balances", {"source", "currency", "kind"}},
      {"clawbacks", {"day", "week", "month", "quarter", "year", "source", "client", "kind"}},
      {"unpaid", {"source", "currency"}},
      {"runs", {"day", "week", "month", "source", "kind"}},
  };
  // A source that has no rows, since it was removed before it was ever read.
  execute(
      "insert into affsync.source (name, connector, base_url, hash_salt, retired_at) values"
      " ('empty', 'own', 'http://broker.example', 'x', now())");
  for (auto const& [report, cuts] : reports) {
    auto const plain = affsync({"report", report});
    EXPECT_EQ(plain.status, 0) << report << plain.err;
    for (auto const& cut : cuts) {
      auto const ended = affsync({"report", report, "--by", cut, "--output", "json"});
      EXPECT_EQ(ended.status, 0) << report << " " << cut << ended.err;
      EXPECT_TRUE(parse_json(ended.out)) << report << " " << cut << ended.out;
    }
    auto const none = affsync({"report", report, "--source", "empty"});
    EXPECT_EQ(none.status, 0) << report << none.err;
    EXPECT_TRUE(contains(none.out, "Nothing was found")) << report << none.out;
    // A misspelt name must not look like that.
    auto const misspelt = affsync({"report", report, "--source", "mian"});
    EXPECT_EQ(misspelt.status, 2) << report << misspelt.out;
    EXPECT_TRUE(contains(misspelt.err, "there is no source `mian`")) << misspelt.err;
    EXPECT_TRUE(contains(misspelt.err, "Did you mean `main`?")) << misspelt.err;
    auto const help = affsync({"report", report, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_TRUE(contains(help.out, "Usage: affsync report " + report)) << help.out;
    EXPECT_TRUE(contains(help.out, "Examples:\n  affsync report " + report)) << help.out;
    // What is unpaid now has no days.
    EXPECT_EQ(contains(help.out, "--since"), report != "unpaid") << help.out;
    auto const offered = affsync({"complete", "--", "report", report, "--s"}).out;
    EXPECT_EQ(contains(offered, "--since"), report != "unpaid") << offered;
  }
  EXPECT_EQ(affsync({"report", "clients", "--by", "month", "--source", "main"}).status, 0);
  auto const with_days = affsync({"report", "unpaid", "--since", "-7d"});
  EXPECT_EQ(with_days.status, 2);
  EXPECT_TRUE(contains(with_days.err, "do not apply to unpaid commission")) << with_days.err;
  EXPECT_TRUE(contains(affsync({"report", "changes", "--help"}).out, "`report clawbacks`"));
  auto const nothing = affsync({"report"});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_TRUE(contains(nothing.err, "earnings, clients")) << nothing.err;
  // Options may come before the name.
  EXPECT_EQ(affsync({"report", "--by", "year", "earnings"}).status, 0);
}

TEST_F(ReportCommands, periods_are_weeks_quarters_and_years_too) {
  fill();
  EXPECT_EQ(csv({"earnings", "--by", "week"}),
            "week,currency,amount,amount_usd,rows_without_usd,void_amount,volume_lots,rows\n"
            "2026-W01,USD,15,15,0,,,2\n"
            "2026-W27,USD,2.50,2.50,0,,,1\n");
  EXPECT_EQ(csv({"earnings", "--by", "quarter"}),
            "quarter,currency,amount,amount_usd,rows_without_usd,void_amount,volume_lots,rows\n"
            "2025-Q4,USD,10,10,0,,,1\n"
            "2026-Q1,USD,5,5,0,,,1\n"
            "2026-Q3,USD,2.50,2.50,0,,,1\n");
  EXPECT_EQ(csv({"earnings", "--by", "year", "--since", "2026-01-01"}),
            "year,currency,amount,amount_usd,rows_without_usd,void_amount,volume_lots,rows\n"
            "2026,USD,7.50,7.50,0,,,2\n");
}

TEST_F(ReportCommands, unpaid_is_what_was_earned_and_not_paid) {
  fill();
  EXPECT_EQ(csv({"unpaid"}),
            "source,currency,amount,amount_usd,oldest_on,rows,rows_without_usd\n"
            "main,USD,12.50,12.50,2025-12-31,2,0\n");
  EXPECT_EQ(csv({"unpaid", "--source", "main", "--by", "currency"}),
            "currency,amount,amount_usd,oldest_on,rows,rows_without_usd\n"
            "USD,12.50,12.50,2025-12-31,2,0\n");
}

TEST_F(ReportCommands, clawbacks_are_what_was_taken_back) {
  fill();
  serve_rows({row(1, "7.50", "2025-12-31", "open"), row(2, "5", "2026-01-01", "no"),
              row(3, "2.50", "2026-07-01", "open")});
  use_statuses();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(csv({"clawbacks", "--by", "kind", "--since", "-1d"}),
            "reason,currency,difference,rows\n"
            "rejected,USD,-5,1\n"
            "lowered,USD,-2.50,1\n");
  EXPECT_EQ(csv({"clawbacks", "--until", "-1w"}),
            "changed_at,source,reason,client_ref,kind,external_id,occurred_on,currency,before,"
            "after,difference\n");
  auto const table = affsync({"report", "clawbacks", "--since", "yesterday"});
  EXPECT_TRUE(contains(table.out, "taken back")) << table.out;
  EXPECT_TRUE(contains(table.out, "-7.50")) << table.out;  // the sum
}

TEST_F(ReportCommands, runs_are_listed_with_their_results) {
  fill();
  serve([](std::string const&) {
    return std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  use_statuses();
  ASSERT_EQ(sync().status, 1);
  auto const runs = parse_json(affsync({"report", "runs", "--output", "json"}).out);
  ASSERT_TRUE(runs);
  auto const& rows = runs->find("rows")->items();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].find("status")->as_string(), "succeeded");
  EXPECT_EQ(rows[0].find("inserted")->scalar_text(), "3");
  EXPECT_TRUE(rows[0].find("error_code")->is_null());
  EXPECT_EQ(rows[1].find("status")->as_string(), "failed");
  EXPECT_EQ(rows[1].find("error_code")->as_string(), "bad_request");
  auto const by = csv({"runs", "--by", "source", "--since", "today", "--source", "main"});
  EXPECT_TRUE(contains(by, "\nmain,2,1,1,")) << by;
}

}  // namespace
}  // namespace affsync::test::report_commands_test
