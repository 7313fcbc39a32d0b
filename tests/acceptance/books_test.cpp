// Rates and money: what is stored when values change, vanish, come back or contradict each other.
#include "tests/acceptance/fixture.hpp"

namespace affsync::test::books_test {
namespace {

class Books : public Acceptance {};

TEST_F(Books, decimals_to_the_last_digit) {
  start_broker();
  for (auto const* number : {"1756.287846940199989393", "1e-11", "835449167911924693",
                             "0.1000000000000000000000000000000000000001", "\"1234.50\"", "-0"}) {
    broker().fault(std::string("set_field:field=reward,value=") + number +
                   ",row=0,every=1,path=clients/accounts");
    ASSERT_EQ(sync({"--stream", "accounts"}).status, 0) << number;
    broker().clear_faults();
    std::string plain = number;
    std::erase(plain, '"');
    EXPECT_NE(query("select count(*) from affsync.trading_account where reward::text = (" + plain +
                    ")::numeric::text"),
              "0")
        << number;
  }
}

TEST_F(Books, permission_skips_the_stream_only) {
  start_broker();
  broker().fault("status:code=403,every=1,path=autorebates");
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.of("rebates", "status"), "skipped");
  EXPECT_EQ(synced.of("rebates", "error_code"), "permission_denied");
  EXPECT_EQ(synced.of("rewards", "status"), "succeeded");
}

TEST_F(Books, lifetime_totals_never_summed) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  // The running totals of `rebates` must not be part of a dated report.
  EXPECT_EQ(query("select sum(amount_usd) - (select sum(amount_usd) from affsync.commission"
                  " where grain = 'day') from reporting.earnings_daily")
                .find_first_not_of("0."),
            std::string::npos);
  EXPECT_NE(query("select count(*) from affsync.rebate where grain = 'lifetime'"), "0");
}

TEST_F(Books, orders_do_not_double_the_reports) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const before = query("select sum(amount_usd) from reporting.earnings_daily");
  ASSERT_EQ(sync({"--stream", "orders"}).status, 0);
  EXPECT_NE(query("select count(*) from affsync.commission where grain = 'trade'"), "0");
  // It is unknown which date the orders' window filters on, so a window's total is not compared.
  EXPECT_EQ(query("select count(*) from affsync.reconciliation where stream = 'orders' and not"
                  " matched"),
            "0");
  EXPECT_EQ(query("select sum(amount_usd) from reporting.earnings_daily"), before);
}

TEST_F(Books, payouts_come_once_a_path_is_given) {
  start_broker({"--payouts-path", "/api/v1/payouts/"});
  auto const unknown = sync({"--stream", "payouts"});
  EXPECT_EQ(unknown.of("payouts", "status"), "skipped");
  EXPECT_EQ(unknown.of("payouts", "error_code"), "path_unknown");
  streams_yaml = "      payouts: {enabled: true, path: /api/v1/payouts/}\n";
  configure();
  auto const known = sync({"--stream", "payouts"});
  EXPECT_EQ(known.status, 0) << known.out;
  EXPECT_NE(query("select count(*) from affsync.payout where amount is not null"), "0");
}

TEST_F(Books, two_sources_same_ids) {
  start_broker();
  streams_yaml =
      "      rewards: {enabled: false}\n  - name: second\n    connector: exness\n"
      "    base_url: " +
      broker().url() +
      "\n    credentials: {login: partner@example.com, password:"
      " \"${SANDBOX_PASSWORD}\"}\n    streams:\n      rewards: {enabled: false}\n";
  configure();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select string_agg(n::text, ',') from (select count(*) n from affsync.client"
                  " group by source_id) x"),
            "60,60");
}

}  // namespace
}  // namespace affsync::test::books_test
