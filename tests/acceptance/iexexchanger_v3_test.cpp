// iEXExchanger v3: page numbers with a count, windows of times, signatures, error codes.
#include "tests/acceptance/fixture.hpp"

namespace affsync::test::iexexchanger_v3_test {
namespace {

class IexexchangerV3 : public Acceptance {
 protected:
  void start(std::vector<std::string> arguments = {}) {
    connector = "iexexchanger_v3";
    if (credentials_yaml.find("api_key") == std::string::npos) {
      credentials_yaml = "{api_key: sandbox-key}";
    }
    arguments.insert(arguments.begin(),
                     {"--broker", "iexexchanger_v3", "--rows", "400", "--payouts", "25"});
    start_broker(std::move(arguments));
  }
  void expect_v3_books() const {
    expect_book_equal("referrals", "client", "referrals", {});
    expect_book_equal("exchanges", "commission", "exchanges", {{"bonus", "amount"}});
    expect_book_equal("payouts", "payout", "payouts", {{"amount", "amount"}});
  }
};

TEST_F(IexexchangerV3, first_load_counts_and_sums) {
  start();
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.err;
  expect_v3_books();
  EXPECT_EQ(query("select count(*) from affsync.commission where status = 'unknown'"), "0");
}

TEST_F(IexexchangerV3, every_call_is_signed_where_a_secret_is_given) {
  credentials_yaml = "{api_key: sandbox-key, hmac_secret: planted-hmac-secret}";
  start({"--hmac-secret", "planted-hmac-secret"});
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.err;
  expect_v3_books();
  EXPECT_EQ(synced.err.find("planted-hmac"), std::string::npos);
  // A retry has a new nonce; with the old one it would be refused as a replay.
  broker().fault("status:code=500,every=3");
  EXPECT_EQ(sync({"--full"}).status, 0);
}

TEST_F(IexexchangerV3, a_missing_or_wrong_signature_stops_the_source) {
  start({"--hmac-secret", "planted-hmac-secret"});
  auto const unsigned_calls = sync();
  EXPECT_EQ(unsigned_calls.status, 1);
  EXPECT_EQ(unsigned_calls.of("payouts", "error_code"), "auth_invalid");
  credentials_yaml = "{api_key: sandbox-key, hmac_secret: wrong}";
  configure();
  EXPECT_EQ(sync().of("payouts", "error_code"), "auth_invalid");
  EXPECT_LE(broker().count("requests"), 8u);
}

TEST_F(IexexchangerV3, a_scope_that_the_key_lacks_skips_the_stream_only) {
  start({"--deny", "payouts"});
  auto const synced = sync();
  EXPECT_EQ(synced.of("payouts", "status"), "skipped");
  EXPECT_EQ(synced.of("payouts", "error_code"), "permission_denied");
  EXPECT_EQ(synced.of("exchanges", "status"), "succeeded");
}

TEST_F(IexexchangerV3, a_change_of_status_within_the_lookback_is_found) {
  start();
  ASSERT_EQ(sync().status, 0);
  auto const changed =
      broker().control({{"do", "change"}, {"feed", "exchanges"}, {"rows", "6"}, {"seed", "3"}});
  ASSERT_EQ(sync().status, 0);
  ASSERT_EQ(sync({"--full"}).status, 0);
  expect_v3_books();
}

}  // namespace
}  // namespace affsync::test::iexexchanger_v3_test
