// Rows in the formats of the broker's reports, mapped by the shipped connector.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "connectors/engine/rows/mapping.hpp"

namespace affsync::engine::exness_rows_test {
namespace {

using namespace std::chrono;

SourcePlan const& plan() {
  static SourcePlan const made = [] {
    auto const all = builtin_manifests().value();
    auto const manifest = std::ranges::find(all, "exness", &Manifest::name);
    SourceSettings settings;
    settings.name = "main";
    settings.credentials = {{"login", Secret("me@example.com")}, {"password", Secret("secret")}};
    return make_source_plan(*manifest, settings).value();
  }();
  return made;
}

StreamPlan const& stream(std::string_view name) {
  auto const is_it = [&](auto const& one) { return one->stream == name; };
  return **std::ranges::find_if(plan().streams, is_it);
}

struct Mapped {
  std::string problem;
  std::string external_id;
  std::map<std::string, std::string> columns;  // without null columns
  std::string raw;
};

Mapped map_row(std::string_view stream_name, std::string_view json) {
  auto const& of = stream(stream_name);
  Row row;
  Mapped out;
  TimePoint const now = sys_days(2026y / November / 21) + hours(3);
  out.problem = RowMapper(of, of.spec->map).map(parse_json(json).value(), now, row).value_or("");
  out.external_id = row.external_id;
  out.raw = row.raw;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (row.values[i]) out.columns[std::string(of.table().columns[i].name)] = *row.values[i];
  }
  return out;
}

using Columns = std::map<std::string, std::string>;

// Times are in PostgreSQL's format; only the day and the hour matter here.
void expect_time(Mapped const& mapped, std::string const& column, std::string const& start) {
  auto const found = mapped.columns.find(column);
  ASSERT_NE(found, mapped.columns.end()) << column;
  EXPECT_EQ(found->second.substr(0, start.size()), start) << column;
}

TEST(ExnessRows, ClientOfTheCurrentReport) {
  auto const row = map_row("clients", R"({
    "partner_account": "1182735490123456789", "client_uid": "7C9E6679-7425-40de-944b-e07fc1f90ae7",
    "reg_date": "2025-03-04", "client_country": "VN", "client_status": "LEFT",
    "client_contact_sharing_status": "EMPTY", "last_partner_contact_sharing_dt": null,
    "volume_lots": 12.34, "volume_mln_usd": 1.0203, "reward_usd": "155.10",
    "rebate_amount_usd": 3.5, "trade_fn": null, "kyc_passed": true, "ftd_received": true,
    "ftt_made": false, "client_balance": 3, "client_equity": 2, "deposit_amount": 4,
    "ftd_amount": 1, "last_week_failed_deposit_count": 0, "comment": "Mr. Somebody"})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.external_id, "1182735490123456789:7C9E6679-7425-40de-944b-e07fc1f90ae7");
  expect_time(row, "registered_at", "2025-03-04");
  auto columns = row.columns;
  columns.erase("registered_at");
  EXPECT_EQ(columns, (Columns{{"client_ref", "7c9e6679"},
                              {"status", "left"},
                              {"broker_status", "LEFT"},
                              {"country", "VN"},
                              {"kyc_status", "passed"},
                              {"has_deposit", "true"},
                              {"has_traded", "false"},
                              {"volume_lots", "12.34"},
                              {"volume_usd", "1020300"},
                              {"earned_usd", "155.10"},
                              {"rebate_usd", "3.5"}}));
  EXPECT_EQ(row.raw.find("Somebody"), std::string::npos);
  EXPECT_NE(row.raw.find("\"client_balance\":3"), std::string::npos);
}

TEST(ExnessRows, UnknownClientStatusIsKeptBesideUnknown) {
  auto const row = map_row("clients", R"({"partner_account":"1","client_uid":"aabbccdd-1",
                                          "client_status":"FROZEN"})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.columns.at("status"), "unknown");
  EXPECT_EQ(row.columns.at("broker_status"), "FROZEN");
}

TEST(ExnessRows, AccountOfTheCurrentReport) {
  auto const row = map_row("accounts", R"({
    "id": 123456789, "partner_account": "1182735490123456789", "partner_account_name": "Main",
    "partner_account_currency": "USD", "partner_code": "a1b2c3", "client_uid": "7c9e6679",
    "client_account": "#81234567", "client_account_type": "Standard Cent", "client_country": "VN",
    "platform": null, "client_account_created": "2025-03-05", "client_account_last_trade": "",
    "volume_lots": "0.0100000", "volume_mln_usd": "0.0012", "reward": "1.50", "reward_usd": 1.5,
    "comment": null})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.external_id, "1182735490123456789:#81234567");
  expect_time(row, "opened_at", "2025-03-05");
  auto columns = row.columns;
  columns.erase("opened_at");
  EXPECT_EQ(columns, (Columns{{"client_ref", "7c9e6679"},
                              {"account", "81234567"},
                              {"account_type", "Standard Cent"},
                              {"currency", "USD"},
                              {"country", "VN"},
                              {"link_code", "a1b2c3"},
                              {"partner_account", "1182735490123456789"},
                              {"volume_lots", "0.0100000"},
                              {"volume_usd", "1200"},
                              {"reward", "1.50"},
                              {"reward_usd", "1.5"}}));
}

TEST(ExnessRows, AccountOfTheOlderReport) {
  auto const row = map_row("accounts", R"({
    "id": 5, "partner_account": "1182735490123456789", "client_uid": "7c9e6679", "country": "VN",
    "currency": "EUR", "reg_date": "2025-03-05", "volume_lots": 0, "volume_mln_usd": 0,
    "trade_fn": "2025-04-01", "reward": "0.00", "reward_usd": "0.00", "client_account": "81234567",
    "client_account_type": "Pro"})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.columns.at("currency"), "EUR");
  EXPECT_EQ(row.columns.at("country"), "VN");
  expect_time(row, "opened_at", "2025-03-05");
  expect_time(row, "last_trade_at", "2025-04-01");
}

TEST(ExnessRows, Reward) {
  auto const row = map_row("rewards", R"({
    "id": 9007199254740993, "reward_date": "2026-11-19", "reward_datetime": "whatever",
    "partner_account": "1182735490123456789", "partner_account_name": "Main",
    "client_account": 81234567, "client_account_type": "Pro", "country": "VN",
    "client_uid": "7c9e6679", "link_code": "a1b2c3", "currency": "USC", "volume_lots": 0.5,
    "volume_mln_usd": 0.0541, "reward": "1756.287846940199989393", "reward_usd": "17.56",
    "orders_count": 3, "reward_order": "R-1"})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.external_id, "9007199254740993");
  EXPECT_EQ(row.columns, (Columns{{"client_ref", "7c9e6679"},
                                  {"account", "81234567"},
                                  {"kind", "spread_share"},
                                  {"status", "paid"},
                                  {"amount", "1756.287846940199989393"},
                                  {"currency", "USC"},
                                  {"amount_usd", "17.56"},
                                  {"volume_lots", "0.5"},
                                  {"volume_usd", "54100"},
                                  {"orders_count", "3"},
                                  {"order_ref", "R-1"},
                                  {"link_code", "a1b2c3"},
                                  {"partner_account", "1182735490123456789"},
                                  {"grain", "day"},
                                  {"occurred_on", "2026-11-19"}}));
}

TEST(ExnessRows, RewardWithoutAmountOrDayIsNotTaken) {
  EXPECT_NE(map_row("rewards", R"({"id":1,"reward_date":"2026-11-19"})").problem, "");
  EXPECT_NE(map_row("rewards", R"({"id":1,"reward":"1"})").problem, "");
  EXPECT_NE(map_row("rewards", R"({"reward":"1","reward_date":"2026-11-19"})").problem, "");
}

TEST(ExnessRows, Order) {
  auto const row = map_row("orders", R"({
    "client_account": 81234567, "client_account_type": "Pro", "order_id": "mt5-real2:1200000003",
    "partner_account": "1182735490123456789", "symbol": "XAUUSDm", "volume_lots": 0.01,
    "volume_mln_usd": 0.0024, "reward_usd": 0.12345678, "close_date": "2026-11-18T23:59:59Z"})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.external_id, "1182735490123456789:81234567:mt5-real2:1200000003");
  expect_time(row, "occurred_at", "2026-11-18");
  auto columns = row.columns;
  columns.erase("occurred_at");
  EXPECT_EQ(columns, (Columns{{"account", "81234567"},
                              {"kind", "spread_share"},
                              {"status", "accrued"},
                              {"amount", "0.12345678"},
                              {"currency", "USD"},
                              {"amount_usd", "0.12345678"},
                              {"volume_lots", "0.01"},
                              {"volume_usd", "2400"},
                              {"symbol", "XAUUSDm"},
                              {"order_ref", "mt5-real2:1200000003"},
                              {"partner_account", "1182735490123456789"},
                              {"grain", "trade"},
                              {"occurred_on", "2026-11-18"}}));
}

TEST(ExnessRows, RebateVolumeIsInDollarsAlready) {
  auto const row = map_row("rebates", R"({
    "id": 77, "client_uid": "7c9e6679", "partner_account": "1182735490123456789",
    "client_account": "81234567", "group_id": 4, "volume_lots": 2, "volume_usd": 54100.5,
    "reward": 12.5, "reward_usd": 12.5, "processed_rebate": 6.25, "processed_rebate_usd": 6.25,
    "rebate_percent": 50, "rebate_group_percent": 50, "group_title": "VIP",
    "partner_currency": "usd", "reg_date": "2025-03-05", "destination_client_account": "81234567",
    "rebate_size": {"min": 1, "max": 2}})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.external_id, "77");
  EXPECT_EQ(row.columns.at("volume_usd"), "54100.5");
  EXPECT_EQ(row.columns.at("grain"), "lifetime");
  EXPECT_EQ(row.columns.at("amount"), "6.25");
  EXPECT_EQ(row.columns.at("basis_amount_usd"), "12.5");
  EXPECT_EQ(row.columns.at("rebate_group_id"), "4");
  EXPECT_EQ(row.columns.at("currency"), "USD");
}

TEST(ExnessRows, RebateGroup) {
  auto const row = map_row("rebate_groups", R"({
    "id": 4, "partner_uid": "x", "group_title": "VIP", "group_type": "custom", "clients_count": 12,
    "rebate_percent": 50.5, "created": "2025-01-02T03:04:05.678Z", "is_default": false,
    "rebate_size": {"min": 0.5, "max": 2}, "rebate_period": "weekly", "rebate_period_value": 1,
    "rebate_period_start": "monday", "rebate_period_end": "sunday", "link_code": null})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.columns.at("rebate_percent"), "50.5");
  EXPECT_EQ(row.columns.at("size_min"), "0.5");
  EXPECT_EQ(row.columns.at("size_max"), "2");
  EXPECT_EQ(row.columns.at("clients_count"), "12");
  expect_time(row, "created_at", "2025-01-02");
}

TEST(ExnessRows, Wallet) {
  auto const row = map_row("wallets", R"({"id":"2000000117","name":"Main","currency":"USD",
    "balance":100.10,"type":"reward","reserved_rebates_amount":0.10})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.external_id, "2000000117");
  EXPECT_EQ(row.columns.at("metric"), "wallet");
  EXPECT_EQ(row.columns.at("amount"), "100.10");
  EXPECT_EQ(row.columns.at("reserved"), "0.10");
  expect_time(row, "observed_at", "2026-11-21");
}

TEST(ExnessRows, Payout) {
  auto const row = map_row("payouts", R"({"id":8,"status":"Completed","amount":"250.00",
    "currency":"USD","created_at":"2026-11-18T10:00:00Z","processed_at":"2026-11-19T11:00:00Z"})");
  EXPECT_EQ(row.problem, "");
  EXPECT_EQ(row.columns.at("status"), "paid");
  EXPECT_EQ(row.columns.at("broker_status"), "Completed");
  EXPECT_EQ(row.columns.at("amount"), "250.00");
  expect_time(row, "requested_at", "2026-11-18");
  expect_time(row, "paid_at", "2026-11-19");
}

}  // namespace
}  // namespace affsync::engine::exness_rows_test
