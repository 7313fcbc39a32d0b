// Wintrado: a ledger without dates and counts, a list of changes, undocumented paths.
#include "tests/acceptance/fixture.hpp"

namespace affsync::test::wintrado_test {
namespace {

class Wintrado : public Acceptance {
 protected:
  void start(std::vector<std::string> arguments = {}) {
    connector = "wintrado";
    credentials_yaml = "{username: partner@example.com, password: \"${SANDBOX_PASSWORD}\"}";
    arguments.insert(arguments.begin(), {"--broker", "wintrado", "--rows", "700"});
    start_broker(std::move(arguments));
  }
  void expect_wintrado_books() const {
    expect_book_equal("customers", "client", "clients",
                      {{"depositTotal", "deposits"}, {"withdrawalTotal", "withdrawals"}});
    expect_book_equal("ledger", "commission", "commissions", {{"amount", "amount"}});
    expect_book_equal("payouts", "payout", "payouts", {{"amount", "amount"}});
  }
};

TEST_F(Wintrado, first_load_counts_and_sums) {
  start();
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.err;
  expect_wintrado_books();
  auto const ledger = broker().book("ledger").sums;
  for (auto const& [currency, sum] : ledger.at("amount_pending")) {
    EXPECT_EQ(query("select coalesce(sum(amount), 0) = " + sum +
                    " from affsync.commission where currency = '" + currency +
                    "' and status = 'pending'"),
              "t")
        << currency;
  }
  // A corrected amount counts; the original amount is kept too.
  for (auto const& [currency, sum] : ledger.at("correctedCommissionAmount")) {
    EXPECT_EQ(query("select coalesce(sum(amount), 0) = " + sum +
                    " from affsync.commission where currency = '" + currency +
                    "' and original_amount is not null"),
              "t")
        << currency;
  }
}

TEST_F(Wintrado, pending_becomes_paid_and_old_rows_are_corrected) {
  start();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "pay"}, {"feed", "ledger"}, {"rows", "5"}});
  auto const paid = sync({"--stream", "commissions"});
  EXPECT_EQ(paid.count("commissions", "updated"), 5);
  EXPECT_EQ(query("select count(*) from affsync.record_change where after->>'status' = 'paid'"),
            "5");
  // A corrected old row is not among the newest rows: the full pass finds it.
  auto const corrected =
      broker().control({{"do", "correct"}, {"feed", "ledger"}, {"rows", "3"}, {"seed", "7"}});
  ASSERT_EQ(sync({"--stream", "commissions", "--full"}).status, 0);
  expect_wintrado_books();
  for (auto const& row : corrected.find("after")->items()) {
    EXPECT_EQ(query("select count(*) from reporting.retroactive_changes where external_id = '" +
                    std::string(*row.find("id")->scalar_text()) + "' and column_name = 'amount'"),
              "1");
  }
}

TEST_F(Wintrado, a_pass_over_paid_rows_ends_where_nothing_is_new) {
  start();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "clear_log"}});
  ASSERT_EQ(sync({"--stream", "commissions"}).status, 0);
  EXPECT_LE(broker().targets("statuses=PAIDOUT").size(), 2u);
  EXPECT_EQ(query("select mode from affsync.sync_run where stream = 'commissions'"
                  " order by run_id desc limit 1"),
            "incremental");
}

TEST_F(Wintrado, a_changed_customer_comes_by_its_day_of_change) {
  start();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "clear_log"}});
  broker().control({{"do", "change"}, {"feed", "customers"}, {"rows", "4"}});
  auto const again = sync({"--stream", "clients"});
  EXPECT_EQ(again.count("clients", "updated"), 4);
  auto const targets = broker().targets("/affiliates/customers");
  ASSERT_FALSE(targets.empty());
  EXPECT_NE(targets.front().find("updatedSince="), std::string::npos);
  expect_wintrado_books();
}

TEST_F(Wintrado, a_customer_who_is_gone_is_marked_by_the_full_pass_alone) {
  start();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "remove"}, {"feed", "customers"}, {"rows", "3"}});
  EXPECT_EQ(sync({"--stream", "clients"}).count("clients", "deleted"), 0);
  // The broker reports only a number of pages, so rows must be missing in two sweeps.
  EXPECT_EQ(sync({"--stream", "clients", "--full"}).count("clients", "deleted"), 0);
  EXPECT_EQ(sync({"--stream", "clients", "--full"}).count("clients", "deleted"), 3);
  expect_wintrado_books();
}

TEST_F(Wintrado, check_says_which_path_to_ask_for) {
  start({"--hide", "payouts"});
  auto const check = affsync({"check"});
  EXPECT_EQ(check.status, 1);
  EXPECT_NE(check.out.find("Get payout requests"), std::string::npos) << check.out;
  auto const synced = sync();
  EXPECT_EQ(synced.of("payouts", "status"), "skipped");
  EXPECT_EQ(synced.of("commissions", "status"), "succeeded");
}

TEST_F(Wintrado, another_path_is_taken_from_the_configuration) {
  start({"--path", "ledger=/v7/earnings"});
  streams_yaml = "      commissions: {path: /v7/earnings}\n";
  configure();
  ASSERT_EQ(sync().status, 0);
  expect_wintrado_books();
}

TEST_F(Wintrado, inspect_tells_where_a_correction_of_0_counts) {
  start();
  EXPECT_EQ(affsync({"inspect", "main", "clients"}).out.find("taken as 0"), std::string::npos);
  broker().fault("set_field:path=/ledger,field=correctedCommissionAmount,value=0,row=0");
  auto const inspected = affsync({"inspect", "main", "commissions", "--rows", "3"});
  EXPECT_EQ(inspected.status, 0) << inspected.err;
  EXPECT_NE(
      inspected.out.find("amount <- correctedCommissionAmount, although commissionAmount is not 0"),
      std::string::npos)
      << inspected.out;
}

TEST_F(Wintrado, names_and_mails_are_dropped_also_from_raw) {
  start();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.client where name is not null or email is not null"
                  " or phone is not null or raw ?| array['name', 'firstname', 'lastname', 'email',"
                  " 'mobilenumber', 'notes']"),
            "0");
  // No row contains the broker's staff or the partner's own name.
  for (auto const* table : {"client", "commission", "payout"}) {
    EXPECT_EQ(query("select count(*) from affsync." + std::string(table) +
                    " where raw::text like '%Kim%' or raw::text like '%Pat Partner%'"),
              "0")
        << table;
  }
}

}  // namespace
}  // namespace affsync::test::wintrado_test
