// Repeats the columns that the documentation promises, so that a change of one is noticed.
#include "base/tables.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace affsync::tables_test {
namespace {

std::map<std::string, std::string> const promised = {
    {"client",
     "client_ref, status, broker_status, country, registered_at, first_deposit_at, first_trade_at, "
     "last_activity_at, kyc_status, has_deposit, has_traded, link_code, campaign, parent_ref, "
     "currency, volume_lots, volume_usd, earned_usd, rebate_usd, deposits, withdrawals, name, "
     "email, "
     "phone, partner_rate"},
    {"trading_account",
     "client_ref, account, account_type, platform, currency, country, opened_at, last_trade_at, "
     "link_code, partner_account, is_demo, volume_lots, volume_usd, reward, reward_usd"},
    {"rebate_group",
     "title, group_type, rebate_percent, period, period_value, period_start, period_end, "
     "clients_count, is_default, link_code, size_min, size_max, created_at"},
    {"rebate",
     "client_ref, account, rebate_group_id, rebate_percent, amount, currency, amount_usd, "
     "basis_amount, basis_amount_usd, volume_lots, volume_usd, destination_account, status, "
     "broker_status, grain, occurred_at, registered_at"},
    {"commission",
     "client_ref, account, kind, broker_kind, event, status, broker_status, amount, "
     "original_amount, currency, amount_usd, volume_lots, volume_usd, orders_count, symbol, "
     "order_ref, link_code, partner_account, grain, occurred_on, occurred_at, occurred_from, "
     "occurred_to, paid_at, partner_rate"},
    {"payout",
     "status, broker_status, amount, currency, amount_usd, method, wallet_ref, transaction_ref, "
     "requested_at, approved_at, rejected_at, paid_at, reject_reason"},
    {"balance", "metric, account, currency, amount, reserved, observed_at"},
    {"metric",
     "grain, occurred_on, link_code, campaign, client_ref, country, impressions, clicks, "
     "unique_clicks, leads, registrations, first_deposits, deposits, qualified, active_clients, "
     "orders_count, volume_lots, volume_usd"}};

TEST(Tables, HaveThePromisedColumns) {
  ASSERT_EQ(record_tables().size(), promised.size());
  for (auto const& table : record_tables()) {
    std::string columns;
    for (auto const& column : table.columns) {
      if (!columns.empty()) columns += ", ";
      columns += column.name;
    }
    EXPECT_EQ(columns, promised.at(std::string(table.name))) << table.name;
  }
}

TEST(Tables, RatesAreLookedUpAndNoRecords) {
  ASSERT_EQ(stream_tables().size(), record_tables().size() + 1);
  for (auto const& table : record_tables()) EXPECT_TRUE(table.keeps_records()) << table.name;
  auto const* rates = find_record_table("fx_rate");
  ASSERT_EQ(rates, &stream_tables().back());
  EXPECT_FALSE(rates->keeps_records());
  for (auto const& key : rates->value_key) EXPECT_TRUE(rates->index_of(key)) << key;
  EXPECT_TRUE(rates->index_of("usd_rate"));
}

TEST(Tables, AmountsAreMoneyAndMoneyIsNumeric) {
  for (auto const& table : record_tables()) {
    for (auto const& column : table.columns) {
      auto const place = std::string(table.name) + "." + std::string(column.name);
      if (column.money) {
        EXPECT_EQ(column.type, ColumnType::numeric) << place;
      }
      if (column.name.find("amount") != std::string_view::npos) {
        EXPECT_TRUE(column.money) << place;
      }
      if (column.name.ends_with("_at")) {
        EXPECT_EQ(column.type, ColumnType::timestamptz) << place;
      }
      if (column.name.starts_with("volume_")) {
        EXPECT_EQ(column.type, ColumnType::numeric) << place;
      }
    }
  }
}

TEST(Tables, ColumnsAreFoundByName) {
  auto const* payout = find_record_table("payout");
  ASSERT_NE(payout, nullptr);
  EXPECT_EQ(payout->index_of("status"), 0u);
  EXPECT_EQ(payout->columns[payout->index_of("method").value()].name, "method");
  EXPECT_EQ(payout->index_of("nothing"), std::nullopt);
  EXPECT_EQ(find_record_table("Payout"), nullptr);
  EXPECT_EQ(find_record_table(""), nullptr);
}

TEST(Tables, OnlyObservationTimesAreVolatile) {
  std::set<std::string> found;
  for (auto const& table : record_tables()) {
    for (auto const& column : table.columns) {
      if (column.volatile_value)
        found.insert(std::string(table.name) + "." + std::string(column.name));
    }
  }
  EXPECT_EQ(found, (std::set<std::string>{"commission.occurred_from", "commission.occurred_to",
                                          "balance.observed_at"}));
}

TEST(Tables, TypesHaveTheirSqlNames) {
  EXPECT_EQ(to_sql(ColumnType::timestamptz), "timestamptz");
  EXPECT_EQ(to_sql(ColumnType::numeric), "numeric");
  EXPECT_EQ(to_sql(ColumnType::bigint), "bigint");
  EXPECT_EQ(to_sql(ColumnType::boolean), "boolean");
  EXPECT_EQ(to_sql(ColumnType::date), "date");
  EXPECT_EQ(to_sql(ColumnType::text), "text");
}

}  // namespace
}  // namespace affsync::tables_test
