// Rows at the broker change, vanish, come back and are added; the books follow.
#include <gtest/gtest.h>

#include "tests/sandbox/tests/broker_under_test.hpp"

namespace affsync::sandbox::changes_test {
namespace {

std::string book(BrokerUnderTest& broker, std::string const& field) {
  auto const books = broker.get_json("/sandbox/books?feed=rewards");
  return std::string(*JsonPath("feeds.rewards." + field).in(books)->scalar_text());
}

void expect_books_match(BrokerUnderTest& broker) {
  auto const rows = broker.all_rows(rewards_path, 1000);
  EXPECT_EQ(book(broker, "rows"), std::to_string(rows.size()));
  EXPECT_EQ(book(broker, "sums.reward_usd.USD"), sum_of(rows, "reward_usd"));
}

TEST(Changes, changed_rows_have_other_amounts_and_the_same_ids) {
  BrokerUnderTest broker;
  auto const before = broker.all_rows(rewards_path, 1000);
  auto const report = broker.control("do=change&feed=rewards&rows=5");
  auto const after = broker.all_rows(rewards_path, 1000);
  ASSERT_EQ(before.size(), after.size());
  int changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(text_of(before[i], "id"), text_of(after[i], "id"));
    changed += before[i].dump() != after[i].dump();
  }
  EXPECT_EQ(changed, 5);
  EXPECT_EQ(report.find("before")->items().size(), 5u);
  EXPECT_NE(report.find("before")->items()[0].dump(), report.find("after")->items()[0].dump());
  expect_books_match(broker);
}

TEST(Changes, removed_rows_are_gone_until_restored) {
  BrokerUnderTest broker;
  auto const before = broker.get(rewards_path + "?limit=1000").body;
  broker.control("do=remove&feed=rewards&rows=9");
  EXPECT_EQ(book(broker, "rows"), "1225");
  expect_books_match(broker);
  broker.control("do=restore&feed=rewards&rows=9");
  EXPECT_EQ(broker.get(rewards_path + "?limit=1000").body, before);
}

TEST(Changes, added_rows_stand_at_their_day) {
  BrokerUnderTest broker;
  broker.control("do=add&feed=rewards&rows=3&day=2026-03-01");
  auto const rows = broker.all_rows(rewards_path, 1000);
  EXPECT_EQ(rows.size(), 1237u);
  for (std::size_t i = 1; i < rows.size(); ++i)
    EXPECT_LE(text_of(rows[i - 1], "reward_date"), text_of(rows[i], "reward_date"));
  expect_books_match(broker);
}

TEST(Changes, an_advanced_day_brings_rows_of_that_day) {
  BrokerUnderTest broker;
  EXPECT_EQ(text_of(broker.control("do=advance&days=2&rows=4"), "today"), "2026-04-02");
  EXPECT_EQ(broker.all_rows(rewards_path + "?reward_date_from=2026-04-01").size(), 8u);
  EXPECT_EQ(broker.all_rows("/api/reports/orders/?date_from=2026-04-01").size(), 8u);
  expect_books_match(broker);
}

TEST(Changes, added_clients_have_accounts) {
  BrokerUnderTest broker;
  broker.control("do=add&feed=clients&rows=2");
  EXPECT_EQ(broker.all_rows("/api/v2/reports/clients/").size(), 32u);
  EXPECT_EQ(broker.all_rows("/api/reports/clients/accounts/").size(), 64u);
}

TEST(Changes, totals_of_accounts_follow_the_rewards) {
  BrokerUnderTest broker;
  auto const sum = [&] {
    return sum_of(broker.all_rows("/api/reports/clients/accounts/"), "reward");
  };
  auto const before = sum();
  broker.control("do=change&feed=rewards&rows=300");
  EXPECT_NE(sum(), before);
}

TEST(Changes, unknown_feeds_and_commands_are_refused) {
  BrokerUnderTest broker;
  EXPECT_THROW(broker.control("do=change&feed=nothing"), std::runtime_error);
  EXPECT_THROW(broker.control("do=nonsense"), std::runtime_error);
  EXPECT_THROW(broker.control("do=fault&spec=nonsense"), std::runtime_error);
  EXPECT_THROW(broker.control("do=add&feed=rewards&day=1999-01-01"), std::runtime_error);
}

}  // namespace
}  // namespace affsync::sandbox::changes_test
