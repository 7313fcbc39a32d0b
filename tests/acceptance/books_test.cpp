// Rates and money: what is stored when things change, vanish, come back or do not agree.
#include "tests/acceptance/fixture.hpp"

namespace affsync::test {
namespace {

class Books : public Acceptance {};

TEST_F(Books, clawback_as_changed_row) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const changed =
      broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "1"}, {"seed", "2"}});
  auto const& before = JsonPath("before.0").in(changed)->members();
  ASSERT_FALSE(before.empty());
  auto const id = std::string(*JsonPath("before.0.id").in(changed)->scalar_text());
  auto const old_amount = std::string(*JsonPath("before.0.reward_usd").in(changed)->scalar_text());
  auto const new_amount = std::string(*JsonPath("after.0.reward_usd").in(changed)->scalar_text());
  ASSERT_EQ(sync({"--full", "--stream", "rewards"}).status, 0);
  auto const found =
      rows("select before, after, difference::numeric = (" + new_amount + ") - (" + old_amount +
           ") from reporting.retroactive_changes"
           " where column_name = 'amount_usd' and external_id = '" +
           id + "'");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0][0], old_amount);
  EXPECT_EQ(found[0][1], new_amount);
  EXPECT_EQ(found[0][2], "t");
}

TEST_F(Books, vanished_row_marked_and_returned) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "remove"}, {"feed", "rewards"}, {"rows", "3"}, {"seed", "1"}});
  auto const gone = sync({"--full"});
  ASSERT_EQ(gone.status, 0) << gone.out;
  EXPECT_EQ(gone.count("rewards", "deleted"), 3);
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is not null"), "3");
  broker().control({{"do", "restore"}, {"feed", "rewards"}, {"rows", "3"}});
  ASSERT_EQ(sync({"--full"}).status, 0);
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'delete'"), "3");
  EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'restore'"), "3");
}

TEST_F(Books, empty_answer_marks_nothing_and_mass_drop_stops) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().fault("empty_page:every=1,path=accounts");
  auto const empty = sync({"--stream", "accounts"});
  EXPECT_EQ(empty.status, 1);
  EXPECT_EQ(empty.of("accounts", "status"), "partial");
  EXPECT_EQ(empty.of("accounts", "error_code"), "mass_drop");
  EXPECT_EQ(query("select count(*) from affsync.trading_account where deleted_at is not null"),
            "0");
}

TEST_F(Books, partial_pass_marks_nothing) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "remove"}, {"feed", "rewards"}, {"rows", "1"}, {"seed", "1"}});
  broker().fault("total:delta=1,every=1,path=rewards");
  auto const partial = sync({"--full", "--stream", "rewards"});
  EXPECT_EQ(partial.of("rewards", "status"), "partial") << partial.out;
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is not null"), "0");
}

TEST_F(Books, reconciliation_finds_a_changed_amount) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.reconciliation where not matched"), "0");
  EXPECT_NE(query("select count(*) from affsync.reconciliation where metric <> 'rows'"), "0");
  // As if a defect of ours had changed the books: the hash still says that the row is known.
  execute(
      "update affsync.commission set amount_usd = amount_usd + 100 where external_id ="
      " (select max(external_id) from affsync.commission)");
  ASSERT_EQ(sync({"--full", "--stream", "rewards"}).status, 0);
  EXPECT_EQ(query("select count(*) from affsync.reconciliation where not matched"), "1");
  EXPECT_EQ(query("select unreconciled > 0 from reporting.source_health where stream = 'rewards'"),
            "t");
}

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

TEST_F(Books, retry_after_in_every_form) {
  start_broker();
  for (auto const* form : {"seconds", "date", "none", "zero", "text", "503"}) {
    broker().fault(std::string("throttle:form=") + form + ",wait=1,next=2,path=accounts");
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 0) << form << synced.out;
    EXPECT_EQ(synced.count("accounts", "throttled"), 2) << form;
    EXPECT_EQ(synced.count("accounts", "retries"), 0) << form;
  }
  EXPECT_EQ(query("select count(*) from affsync.trading_account"), "120");
}

TEST_F(Books, token_expires_mid_page_and_is_renewed_once) {
  start_broker();
  broker().fault("expire_token:next=1,path=rewards,skip=2");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(broker().count("logins"), 2u);
  expect_books_equal();
}

TEST_F(Books, wrong_password_one_login) {
  start_broker();
  environment["SANDBOX_PASSWORD"] = "planted-wrong";
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  for (auto const* stream : {"clients", "accounts", "rewards", "wallets"}) {
    EXPECT_EQ(synced.of(stream, "error_code"), "auth_invalid");
  }
  EXPECT_EQ(broker().count("logins") + broker().count("logins_refused"), 1u);
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
  // The running totals of `rebates` enter no dated report.
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
  // Nobody knows which date the orders' window filters on: a window's total is compared with none.
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
}  // namespace affsync::test
