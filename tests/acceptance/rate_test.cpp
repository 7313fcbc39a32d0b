// Throttling and logins: how fast a broker is asked, and what a refusal costs.
#include "tests/acceptance/fixture.hpp"

namespace affsync::test::rate_test {
namespace {

class Rate : public Acceptance {
 protected:
  static constexpr char const* streams[] = {"clients",       "accounts", "rewards",
                                            "rebate_groups", "rebates",  "wallets"};

  // The shipped connector with one text replaced.
  void change_connector(std::string const& part, std::string const& by) {
    auto text = shipped_connector("exness");
    ASSERT_NE(text.find(part), std::string::npos);
    text.replace(text.find(part), part.size(), by);
    use_connector("exness", text);
  }
  static long sum(Synced const& synced, std::string const& member) {
    long all = 0;
    for (auto const* stream : streams) all += synced.count(stream, member);
    return all;
  }
};

TEST_F(Rate, retry_after) {
  start_broker();
  // Shows that the requested wait of eleven days is cut short.
  change_connector("wait_cap: 15m", "wait_cap: 1s");
  for (auto const* form : {"date", "none", "zero", "huge"}) {
    broker().fault(std::string("throttle:form=") + form + ",wait=1,next=1,path=accounts");
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 0) << form << synced.out;
    EXPECT_EQ(synced.count("accounts", "throttled"), 1) << form;
    EXPECT_EQ(synced.count("accounts", "retries"), 0) << form;
  }
  // One request per second, and three are needed, since a page of 120 rows may be a full page. A
  // client that waits as requested is refused at most twice.
  for (auto const* form : {"seconds", "text", "drf", "503"}) {
    broker().control({{"do", "clear_log"}});
    broker().control({{"do", "rate"}, {"rate", "1"}, {"burst", "1"}, {"form", form}});
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 0) << form << synced.out;
    auto const throttled = broker().count("throttled");
    EXPECT_EQ(broker().count("requests"), 3 + throttled) << form;
    EXPECT_LE(throttled, 2u) << form;
    EXPECT_EQ(synced.count("accounts", "retries"), 0) << form;
  }
  EXPECT_EQ(query("select count(*) from affsync.trading_account"), "120");
}

// Passes by timer are processes of their own: the second is not refused as often as the first,
// which learns the limit.
TEST_F(Rate, what_a_process_learned_of_a_limit_spares_the_next_one_refusals) {
  streams_yaml = "      rewards: {page_size: 10, start: " + first_day() + "}\n";
  start_broker();
  broker().control({{"do", "rate"}, {"rate", "50"}, {"burst", "5"}, {"form", "none"}});
  long refused[2] = {};
  for (auto& number : refused) {
    auto const synced = sync({"--stream", "rewards", "--full"});
    EXPECT_EQ(synced.status, 0) << synced.out;
    EXPECT_GT(synced.count("rewards", "pages"), 100);
    number = synced.count("rewards", "throttled");
  }
  EXPECT_GE(refused[0], 2);
  EXPECT_LT(refused[1], refused[0]);
  auto const learned = std::stod(query("select learned_requests_per_second from affsync.source"));
  EXPECT_GT(learned, 35);
  EXPECT_LT(learned, 65);
}

TEST_F(Rate, throttle_in_body_of_200) {
  start_broker();
  broker().fault("throttle:form=body200,wait=1,next=2,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.count("accounts", "throttled"), 2);
  EXPECT_EQ(synced.count("accounts", "retries"), 0);
  EXPECT_EQ(synced.count("accounts", "quarantined"), 0);
  EXPECT_EQ(query("select count(*) from affsync.trading_account"), "120");
}

// Every request is refused repeatedly, the login too, in every format.
TEST_F(Rate, storm_of_429) {
  streams_yaml = "      rewards: {page_size: 40, start: " + first_day() + "}\n";
  start_broker();
  int skipped = 0;
  for (auto const* form : {"none", "seconds", "zero", "text", "date", "503", "drf", "body200"}) {
    broker().fault(std::string("throttle:form=") + form +
                   ",wait=1,next=1,skip=" + std::to_string(skipped));
    skipped += 2;
  }
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(sum(synced, "retries"), 0);
  auto const throttled = broker().count("throttled");
  EXPECT_EQ(throttled, 8u);
  EXPECT_EQ(sum(synced, "throttled"), static_cast<long>(throttled));
  // One request per page, one login, and one retry per refusal: no other requests.
  EXPECT_EQ(broker().count("requests"), sum(synced, "pages") + 1 + throttled);
  expect_books_equal();
}

// The broker reports the remaining requests and the reset time, so no request is refused.
TEST_F(Rate, reset_header_ms_s_epoch) {
  rate_limit_yaml = "{concurrency: 1}";
  start_broker();
  for (auto const* unit : {"seconds", "milliseconds", "epoch"}) {
    std::string const named = unit == std::string("epoch") ? "epoch_seconds" : unit;
    change_connector("  requests_per_second: 5\n  burst: 5\n",
                     "  requests_per_second: 200\n  burst: 200\n  concurrency: 1\n"
                     "  remaining_header: X-RateLimit-Remaining\n"
                     "  reset_header: X-RateLimit-Reset\n  reset_unit: " +
                         named + "\n");
    broker().control({{"do", "clear_log"}});
    broker().control(
        {{"do", "rate"}, {"rate", "15"}, {"burst", "6"}, {"form", "none"}, {"headers", unit}});
    auto const synced = sync({"--full"});
    EXPECT_EQ(synced.status, 0) << unit << synced.out;
    EXPECT_GT(broker().count("requests"), 6u) << "the limit was never reached";
    EXPECT_EQ(broker().count("throttled"), 0u) << unit;
  }
}

// The same without a connector that names the headers, at the speed at which it is shipped and with
// several requests at a time.
TEST_F(Rate, usual_headers_are_understood) {
  streams_yaml = "      rewards: {page_size: 25, start: " + first_day() + "}\n";
  start_broker();
  for (auto const* unit : {"seconds", "epoch"}) {
    broker().control({{"do", "clear_log"}});
    broker().control(
        {{"do", "rate"}, {"rate", "20"}, {"burst", "6"}, {"form", "none"}, {"headers", unit}});
    auto const synced = sync({"--full", "--stream", "rewards"});
    EXPECT_EQ(synced.status, 0) << unit << synced.out;
    EXPECT_GT(broker().count("requests"), 30u) << "the limit was never reached";
    EXPECT_LE(broker().count("throttled"), 2u) << unit;  // four without them
  }
}

TEST_F(Rate, token_expires_mid_page) {
  start_broker();
  broker().fault("expire_token:next=1,path=rewards,skip=2");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(broker().count("logins"), 2u);
  expect_books_equal();
}

TEST_F(Rate, token_expires_for_all_streams_at_once) {
  rate_limit_yaml = "{requests_per_second: 1000, burst: 1000, concurrency: 6}";
  start_broker();
  // The first report expires the token while all other reports are in flight with it. Some get the
  // refusal only after the new login, whose token is valid for them.
  broker().fault("expire_token:next=1,path=reports");
  broker().fault("delay:ms=200,path=reports,next=3");
  broker().fault("delay:ms=800,path=autorebates,next=2");
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out;
  EXPECT_GE(broker().count("unauthorized"), 2u) << "only one stream met the expired token";
  EXPECT_EQ(broker().count("logins"), 2u);
  EXPECT_EQ(sum(synced, "retries"), 0);
  expect_books_equal();
}

TEST_F(Rate, wrong_password_one_login) {
  start_broker();
  environment["SANDBOX_PASSWORD"] = "planted-wrong";
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  for (auto const* stream : {"clients", "accounts", "rewards", "wallets"}) {
    EXPECT_EQ(synced.of(stream, "error_code"), "auth_invalid");
  }
  EXPECT_EQ(broker().count("logins") + broker().count("logins_refused"), 1u);
}

}  // namespace
}  // namespace affsync::test::rate_test
