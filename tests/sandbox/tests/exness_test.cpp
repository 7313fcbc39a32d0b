// The Exness sandbox: the same seed gives the same broker, its books equal the sum of its pages,
// and filters, paging and login behave as documented.
#include <gtest/gtest.h>

#include <set>

#include "tests/sandbox/tests/broker_under_test.hpp"

namespace affsync::sandbox::exness_test {
namespace {

TEST(Exness, the_same_seed_gives_the_same_bytes) {
  BrokerUnderTest one, other;
  for (auto const* path : {"/api/reports/rewards/?limit=500", "/api/v2/autorebates/clients/",
                           "/api/reports/clients/accounts/", "/api/reports/orders/?offset=700"})
    EXPECT_EQ(one.get(path).body, other.get(path).body) << path;
}

TEST(Exness, another_seed_gives_other_rows) {
  auto options = BrokerUnderTest::small();
  options.world.seed = 8;
  BrokerUnderTest one, other(options);
  EXPECT_NE(one.get(rewards_path).body, other.get(rewards_path).body);
}

TEST(Exness, books_equal_the_sum_over_all_pages) {
  BrokerUnderTest broker;
  auto const books = broker.get_json("/sandbox/books");
  for (auto const& feed : books.find("feeds")->members()) {
    if (feed.name == "wallets") continue;
    auto const rows = broker.all_rows(text_of(feed.value, "path"), 37);
    EXPECT_EQ(text_of(feed.value, "rows"), std::to_string(rows.size())) << feed.name;
    for (auto const& field : feed.value.find("sums")->members()) {
      std::vector<Json> parts;  // the sums by currency, to be added up again
      for (auto const& sum : field.value.members()) {
        Json::Object part;
        part.push_back({"value", sum.value});
        parts.push_back(Json::object(std::move(part)));
      }
      EXPECT_EQ(sum_of(parts, "value"), sum_of(rows, field.name)) << feed.name << field.name;
    }
  }
}

TEST(Exness, books_by_currency_equal_the_rows_of_that_currency) {
  BrokerUnderTest broker;
  auto const books = broker.get_json("/sandbox/books?feed=rewards");
  auto const rows = broker.all_rows(rewards_path, 1000);
  for (std::string const currency : {"USD", "EUR"}) {
    std::vector<Json> of_currency;
    for (auto const& row : rows)
      if (text_of(row, "currency") == currency) of_currency.push_back(row);
    ASSERT_FALSE(of_currency.empty());
    auto const* sum = JsonPath("feeds.rewards.sums.reward." + currency).in(books);
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->as_string(), sum_of(of_currency, "reward"));
  }
}

TEST(Exness, wallet_books_equal_the_wallets) {
  BrokerUnderTest broker;
  auto const wallets = broker.get_json("/api/wallet/accounts/").find("accounts")->items();
  auto const books = broker.get_json("/sandbox/books?feed=wallets");
  ASSERT_TRUE(JsonPath("feeds.wallets.sums.balance.EUR").in(books));
  EXPECT_EQ(JsonPath("feeds.wallets.rows").in(books)->number_text(),
            std::to_string(wallets.size()));
  EXPECT_EQ(JsonPath("feeds.wallets.sums.balance.EUR").in(books)->as_string(),
            sum_of({wallets[2]}, "balance"));
}

TEST(Exness, the_number_of_rewards_is_the_one_asked_for) {
  for (std::uint32_t const wanted : {1u, 17u, 1'234u, 5'000u}) {
    auto options = BrokerUnderTest::small();
    options.world.rewards = wanted;
    BrokerUnderTest broker(options);
    EXPECT_EQ(broker.all_rows(rewards_path, 1000).size(), wanted);
  }
}

TEST(Exness, keys_are_unique_in_every_feed) {
  BrokerUnderTest broker;
  std::vector<std::pair<std::string, std::string>> const feeds{
      {rewards_path, "id"},
      {"/api/reports/clients/accounts/", "client_account"},
      {"/api/reports/clients/accounts/", "id"},
      {"/api/v2/reports/clients/", "client_uid"},
      {"/api/reports/orders/", "order_id"},
      {"/api/v2/autorebates/clients/", "id"}};
  for (auto const& [path, field] : feeds) {
    std::set<std::string> keys;
    auto const rows = broker.all_rows(path);
    for (auto const& row : rows) keys.insert(text_of(row, field));
    EXPECT_EQ(keys.size(), rows.size()) << path << field;
  }
}

TEST(Exness, reward_dates_are_inclusive_at_both_ends) {
  BrokerUnderTest broker;
  std::vector<Json> expected;
  for (auto const& row : broker.all_rows(rewards_path)) {
    auto const day = text_of(row, "reward_date");
    if (day >= "2026-03-02" && day <= "2026-03-04") expected.push_back(row);
  }
  auto const filters = rewards_path + "?reward_date_from=2026-03-02&reward_date_to=2026-03-04";
  auto const rows = broker.all_rows(filters, 10);
  ASSERT_EQ(rows.size(), expected.size());
  EXPECT_EQ(text_of(rows.front(), "reward_date"), "2026-03-02");
  EXPECT_EQ(text_of(rows.back(), "reward_date"), "2026-03-04");
  auto const totals = *broker.get_json(filters).find("totals");
  EXPECT_EQ(text_of(totals, "count"), std::to_string(expected.size()));
  EXPECT_EQ(sum_of({totals}, "reward_usd"), sum_of(expected, "reward_usd"));
  EXPECT_EQ(sum_of({totals}, "volume_lots"), sum_of(expected, "volume_lots"));
}

TEST(Exness, history_ends_today_and_has_the_days_asked_for) {
  BrokerUnderTest broker;
  auto const rows = broker.all_rows(rewards_path, 1000);
  EXPECT_EQ(text_of(rows.front(), "reward_date"), "2026-02-20");
  EXPECT_EQ(text_of(rows.back(), "reward_date"), "2026-03-31");
}

TEST(Exness, a_day_without_a_calendar_is_refused) {
  BrokerUnderTest broker;
  auto const reply = broker.get(rewards_path + "?reward_date_from=2026-02-30");
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("\"code\":\"ValidationError\""), std::string::npos);
}

TEST(Exness, limit_is_100_by_default_and_capped) {
  BrokerUnderTest broker;
  auto const rows = [&](std::string const& query) {
    return broker.get_json(rewards_path + query).find("data")->items().size();
  };
  EXPECT_EQ(rows(""), 100u);
  EXPECT_EQ(rows("?limit=5"), 5u);
  EXPECT_EQ(rows("?limit=100000"), 1000u);
  EXPECT_EQ(rows("?limit=nonsense"), 100u);
  EXPECT_EQ(rows("?limit=500&offset=1230"), 4u);
  EXPECT_EQ(rows("?offset=1234"), 0u);
}

TEST(Exness, ordering_is_obeyed_and_unknown_columns_are_ignored) {
  BrokerUnderTest broker;
  auto const column = [&](std::string const& ordering, std::string const& field) {
    std::vector<std::string> out;
    for (auto const& row : broker.all_rows("/api/v2/reports/clients/?ordering=" + ordering, 7))
      out.push_back(text_of(row, field));
    return out;
  };
  auto ascending = column("client_uid", "client_uid");
  EXPECT_TRUE(std::is_sorted(ascending.begin(), ascending.end()));
  auto const descending = column("-client_uid", "client_uid");
  std::reverse(ascending.begin(), ascending.end());
  EXPECT_EQ(descending, ascending);
  EXPECT_EQ(column("no_such_column", "client_uid"), column("", "client_uid"));
}

TEST(Exness, rewards_stand_by_date_and_account_and_can_be_turned_round) {
  BrokerUnderTest broker;
  auto const keys = [&](std::string const& ordering) {
    std::vector<std::pair<std::string, long>> out;
    for (auto const& row : broker.all_rows(rewards_path + "?ordering=" + ordering, 100))
      out.emplace_back(text_of(row, "reward_date"), std::stol(text_of(row, "client_account")));
    return out;
  };
  auto const natural = keys("reward_date,client_account");
  EXPECT_TRUE(std::is_sorted(natural.begin(), natural.end()));
  auto reversed = keys("-reward_date,-client_account");
  EXPECT_TRUE(std::is_sorted(reversed.rbegin(), reversed.rend()));
}

TEST(Exness, sets_filter_with_commas_and_with_repetition) {
  BrokerUnderTest broker;
  auto const accounts = broker.all_rows("/api/reports/clients/accounts/");
  auto const a = text_of(accounts[3], "client_account"), b = text_of(accounts[9], "client_account");
  for (auto const& query :
       {"client_account=" + a + "," + b, "client_account=" + a + "&client_account=" + b}) {
    auto const rows = broker.all_rows("/api/reports/clients/accounts/?" + query);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(text_of(rows[0], "client_account"), a);
    EXPECT_EQ(text_of(rows[1], "client_account"), b);
  }
}

TEST(Exness, observed_refusals) {
  BrokerUnderTest broker;
  EXPECT_EQ(broker.get("/api/v2/reports/clients/?client_uid=0123abcd").status, 500);
  EXPECT_EQ(broker.get("/api/reports/clients/accounts/?client_account=x").status, 400);
  auto const unknown = broker.get("/api/reports/nothing/");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.content_type.find("text/html"), std::string::npos);
}

TEST(Exness, the_orders_of_an_account_add_up_to_its_rewards) {
  BrokerUnderTest broker;
  auto const account =
      text_of(broker.all_rows("/api/reports/clients/accounts/")[4], "client_account");
  auto const rewards = broker.all_rows(rewards_path + "?client_account=" + account);
  auto const orders = broker.all_rows("/api/reports/orders/?client_account=" + account);
  ASSERT_FALSE(rewards.empty());
  EXPECT_EQ(sum_of(orders, "reward_usd"), sum_of(rewards, "reward_usd"));
  EXPECT_EQ(sum_of(orders, "volume_lots"), sum_of(rewards, "volume_lots"));
  EXPECT_EQ(std::to_string(orders.size()), sum_of(rewards, "orders_count"));
}

TEST(Exness, short_client_uids_are_the_beginning_of_full_ones) {
  BrokerUnderTest broker;
  std::set<std::string> short_uids;
  for (auto const& row : broker.all_rows("/api/v2/reports/clients/"))
    short_uids.insert(text_of(row, "client_uid").substr(0, 8));
  EXPECT_EQ(short_uids.size(), 30u);
  for (auto const& row : broker.all_rows("/api/reports/clients/accounts/"))
    EXPECT_TRUE(short_uids.contains(text_of(row, "client_uid")));
}

TEST(Exness, values_have_the_odd_types_of_the_broker) {
  BrokerUnderTest broker;
  auto const account = broker.all_rows("/api/reports/clients/accounts/")[0];
  auto const reward = broker.all_rows(rewards_path)[0];
  EXPECT_TRUE(account.find("client_account")->is_string());
  EXPECT_TRUE(account.find("volume_lots")->is_string());
  EXPECT_TRUE(reward.find("client_account")->is_number());
  EXPECT_TRUE(reward.find("volume_lots")->is_number());
  EXPECT_TRUE(reward.find("reward")->is_string());
  EXPECT_EQ(text_of(account, "partner_account").size(), 19u);
}

TEST(Exness, only_the_right_password_gets_a_token) {
  BrokerUnderTest broker;
  EXPECT_EQ(broker.log_in("partner@example.com", "wrong"), "");
  EXPECT_EQ(broker.log_in("someone@example.com", "sandbox-password"), "");
  auto const token = broker.log_in("partner@example.com", "sandbox-password");
  EXPECT_EQ(std::count(token.begin(), token.end(), '.'), 2);
  auto const log = broker.get_json("/sandbox/log");
  EXPECT_EQ(text_of(log, "logins"), "2");
  EXPECT_EQ(text_of(log, "logins_refused"), "2");
}

TEST(Exness, data_needs_a_token_in_the_documented_header) {
  BrokerUnderTest broker;
  auto& authorization = broker.headers.back().second;
  auto const token = authorization.substr(4);
  for (auto const& [header, code] : std::vector<std::pair<std::string, std::string>>{
           {"", "NotAuthenticated"},
           {"Bearer " + token, "NotAuthenticated"},
           {"JWT made.up.token", "AuthenticationFailed"}}) {
    authorization = header;
    auto const reply = broker.get(rewards_path);
    EXPECT_EQ(reply.status, 401);
    EXPECT_NE(reply.body.find("\"code\":\"" + code + "\""), std::string::npos) << reply.body;
  }
}

TEST(Exness, tokens_expire) {
  BrokerUnderTest broker;
  EXPECT_EQ(broker.get(rewards_path).status, 200);
  broker.control("do=expire_tokens");
  auto const reply = broker.get(rewards_path);
  EXPECT_EQ(reply.status, 401);
  EXPECT_NE(reply.body.find("TokenExpired"), std::string::npos);

  auto options = BrokerUnderTest::small();
  options.login.token_lifetime = std::chrono::seconds(0);
  EXPECT_EQ(BrokerUnderTest(options).get(rewards_path).status, 401);
}

TEST(Exness, other_methods_are_refused_and_counted) {
  BrokerUnderTest broker;
  EXPECT_EQ(broker.send("PATCH", "/api/v2/autorebates/clients/").status, 405);
  EXPECT_EQ(broker.send("POST", rewards_path).status, 405);
  EXPECT_EQ(text_of(broker.get_json("/sandbox/log"), "other_methods"), "2");
}

}  // namespace
}  // namespace affsync::sandbox::exness_test
