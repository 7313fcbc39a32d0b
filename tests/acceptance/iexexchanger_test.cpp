// iEXExchanger v2: Russian time texts, a list without a count, numbers with float noise.
#include "tests/acceptance/fixture.hpp"

namespace affsync::test::iexexchanger_test {
namespace {

class Iexexchanger : public Acceptance {
 protected:
  void start(std::vector<std::string> arguments = {}) {
    connector = "iexexchanger";
    credentials_yaml = "{api_key: sandbox-key}";
    arguments.insert(arguments.begin(),
                     {"--broker", "iexexchanger", "--rows", "130", "--payouts", "25"});
    start_broker(std::move(arguments));
  }
  void let_pass(std::string const& seconds) {
    broker().control({{"do", "clock"}, {"advance", seconds}});
  }
};

TEST_F(Iexexchanger, first_load_counts_and_sums) {
  start();
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.err;
  expect_book_equal("exchanges", "commission", "exchanges", {{"amount", "amount"}});
  expect_book_equal("withdrawals", "payout", "withdrawals", {{"amount", "amount"}});
  auto const partner = broker().book("partner").sums;
  for (auto const& metric : {"balance", "totals.balance", "totals.withdrawal"}) {
    EXPECT_EQ(query("select amount = " + partner.at(metric).at("RUB") +
                    " and currency = 'RUB' from affsync.balance where metric = '" + metric + "'"),
              "t")
        << metric;
  }
  EXPECT_EQ(query("select count(*) from affsync.quarantine"), "0");
}

TEST_F(Iexexchanger, float_noise_goes_from_the_amount_and_stays_in_raw) {
  start();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.balance where scale(amount) > 2"), "0");
  EXPECT_NE(query("select count(*) from affsync.balance where length(raw->>'amount') > 10"), "0")
      << "the sandbox sends 190.36000061035 for 190.36";
}

TEST_F(Iexexchanger, relative_times_only_narrow_and_are_no_change_of_the_row) {
  start();
  ASSERT_EQ(sync().status, 0);
  execute(
      "create table public.before as select external_id, occurred_from, occurred_to"
      " from affsync.commission");
  for (auto const& seconds : {"2400", "7200", "40000", "300000"}) {
    let_pass(seconds);
    auto const again = sync({"--stream", "exchanges"});
    EXPECT_EQ(again.count("exchanges", "updated"), 0) << "after " << seconds << " s more";
  }
  EXPECT_EQ(query("select count(*) from affsync.record_change where record_table = 'commission'"),
            "0");
  EXPECT_EQ(query("select count(*) from affsync.commission join public.before b"
                  " using (external_id) where commission.occurred_from < b.occurred_from"
                  " or commission.occurred_to > b.occurred_to"),
            "0");
  EXPECT_NE(query("select count(*) from affsync.commission join public.before b"
                  " using (external_id) where commission.occurred_from > b.occurred_from"
                  " or commission.occurred_to < b.occurred_to"),
            "0");
  EXPECT_EQ(query("select count(*) from affsync.commission where occurred_from >= occurred_to"),
            "0");
}

TEST_F(Iexexchanger, an_order_number_is_the_moment_only_where_the_text_agrees) {
  start();
  ASSERT_EQ(sync().status, 0);
  EXPECT_NE(query("select count(*) from affsync.commission where occurred_at is null"), "0")
      << "the sandbox has order numbers that are not times";
  EXPECT_EQ(query("select count(*) from affsync.commission where occurred_at is not null and"
                  " (occurred_at < occurred_from - interval '1 hour'"
                  " or occurred_at > occurred_to + interval '1 hour')"),
            "0");
  EXPECT_GT(std::stol(query("select count(*) from affsync.commission"
                            " where occurred_at = to_timestamp(order_ref::numeric / 1000)")),
            80);
}

TEST_F(Iexexchanger, a_bonus_taken_back_is_marked_by_the_second_sweep_that_misses_it) {
  start();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "remove"}, {"feed", "exchanges"}, {"rows", "2"}});
  EXPECT_EQ(sync({"--stream", "exchanges"}).count("exchanges", "deleted"), 0);
  EXPECT_EQ(sync({"--stream", "exchanges"}).count("exchanges", "deleted"), 2);
  expect_book_equal("exchanges", "commission", "exchanges", {{"amount", "amount"}});
}

TEST_F(Iexexchanger, the_writers_role_is_enough_for_all_but_the_migration) {
  if (pooler_) GTEST_SKIP() << "a pooler refuses `options`, by which the test takes the role";
  start();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  database_options = " options='-c role=affsync_writer'";
  configure();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "remove"}, {"feed", "exchanges"}, {"rows", "2"}});
  ASSERT_EQ(sync({"--stream", "exchanges"}).status, 0);
  auto const second = sync({"--stream", "exchanges"});
  EXPECT_EQ(second.status, 0) << second.out;
  EXPECT_EQ(second.count("exchanges", "deleted"), 2);
}

TEST_F(Iexexchanger, rows_put_in_front_while_paging_lose_nothing) {
  start();
  broker().fault("shift:path=/exchanges,mode=insert,every=2");
  auto const synced = sync({"--stream", "exchanges"});
  EXPECT_EQ(synced.status, 0) << synced.err;
  broker().clear_faults();
  ASSERT_EQ(sync({"--stream", "exchanges"}).status, 0);
  expect_book_equal("exchanges", "commission", "exchanges", {{"amount", "amount"}});
}

TEST_F(Iexexchanger, next_link_elsewhere_is_not_followed_and_a_repeated_one_ends) {
  start();
  for (std::string const mode : {"other,to=http://127.0.0.1:9", "repeat", "first"}) {
    broker().fault("next_link:mode=" + mode);
    EXPECT_EQ(sync({"--stream", "exchanges"}).status, 0) << mode;
    broker().clear_faults();
  }
  expect_book_equal("exchanges", "commission", "exchanges", {{"amount", "amount"}});
  // A list that never ends has no more rows. Some brokers send empty pages in between; after twenty
  // of them it is an error.
  broker().fault("next_link:mode=endless");
  broker().control({{"do", "clear_log"}});
  auto const endless = sync({"--stream", "exchanges"});
  EXPECT_EQ(endless.of("exchanges", "error_code"), "paging_broken");
  EXPECT_LE(broker().targets("/exchanges").size(), 7u + 21u);
}

TEST_F(Iexexchanger, a_wrong_key_stops_the_source_without_hammering) {
  start();
  credentials_yaml = "{api_key: wrong-key}";
  configure();
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_LE(broker().count("requests"), 3u);
  EXPECT_EQ(synced.out.find("wrong-key"), std::string::npos);
  EXPECT_EQ(synced.err.find("wrong-key"), std::string::npos);
}

TEST_F(Iexexchanger, a_missing_permission_skips_the_stream_only) {
  start({"--deny", "withdrawals"});
  auto const synced = sync();
  EXPECT_EQ(synced.of("withdrawals", "status"), "skipped");
  EXPECT_EQ(synced.of("exchanges", "status"), "succeeded");
}

}  // namespace
}  // namespace affsync::test::iexexchanger_test
