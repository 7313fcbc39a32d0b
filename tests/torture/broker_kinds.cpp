#include "tests/torture/broker_kinds.hpp"

namespace affsync::torture {
namespace {

BrokerKind exness() {
  BrokerKind kind;
  kind.name = "exness";
  kind.credentials = "{login: partner@example.com, password: sandbox-password}";
  kind.logs_in = true;
  kind.has_clock = false;
  kind.streams = {"clients: {page_size: @, keeps: forever}",
                  "accounts: {page_size: @, keeps: forever}",
                  "rebates: {page_size: @, keeps: forever}",
                  "rewards: {page_size: @, keeps: forever, start: %, lookback: 9d}"};
  kind.list_paths = {"/clients/", "/accounts/", "/rewards/", "/autorebates/", "/api/"};
  kind.books = {
      {"clients",
       "client",
       "clients",
       {{"reward_usd", "earned_usd"}, {"rebate_amount_usd", "rebate_usd"}}},
      {"accounts",
       "trading_account",
       "accounts",
       {{"reward", "reward"}, {"reward_usd", "reward_usd"}, {"volume_lots", "volume_lots"}}},
      {"rewards",
       "commission",
       "rewards",
       {{"reward", "amount"}, {"reward_usd", "amount_usd"}, {"volume_lots", "volume_lots"}}},
      {"rebates",
       "rebate",
       "rebates",
       {{"processed_rebate", "amount"}, {"reward", "basis_amount"}}},
      {"rebate_groups", "rebate_group", "rebate_groups", {}},
      {"wallets", "balance", "wallets", {{"balance", "amount"}}}};
  kind.events = {{"change", "rewards"},  {"remove", "rewards"},   {"restore", "rewards"},
                 {"add", "rewards"},     {"change", "clients"},   {"remove", "clients"},
                 {"restore", "clients"}, {"add", "clients"},      {"change", "accounts"},
                 {"remove", "accounts"}, {"restore", "accounts"}, {"change", "rebates"},
                 {"change", "wallets"}};
  return kind;
}

BrokerKind wintrado() {
  BrokerKind kind;
  kind.name = "wintrado";
  kind.credentials = "{username: partner@example.com, password: sandbox-password}";
  kind.logs_in = true;
  kind.has_clock = true;
  kind.streams = {"clients: {page_size: @, keeps: forever}",
                  "commissions: {page_size: @, keeps: forever}",
                  "payouts: {page_size: @, keeps: forever}"};
  kind.list_paths = {"/customers", "/ledger", "/payout-requests"};
  kind.endpoints = {"customers", "ledger", "payouts", "balance"};
  kind.books = {{"customers",
                 "client",
                 "clients",
                 {{"depositTotal", "deposits"}, {"withdrawalTotal", "withdrawals"}}},
                {"ledger",
                 "commission",
                 "commissions",
                 {{"amount", "amount"}, {"commissionAmount", "coalesce(original_amount, amount)"}}},
                {"payouts", "payout", "payouts", {{"amount", "amount"}}}};
  kind.events = {{"pay", "ledger"},        {"correct", "ledger"},   {"add", "ledger"},
                 {"remove", "ledger"},     {"restore", "ledger"},   {"change", "ledger"},
                 {"add", "customers"},     {"change", "customers"}, {"remove", "customers"},
                 {"restore", "customers"}, {"add", "payouts"},      {"approve", "payouts"},
                 {"reject", "payouts"}};
  return kind;
}

BrokerKind iexexchanger() {
  BrokerKind kind;
  kind.name = "iexexchanger";
  kind.credentials = "{api_key: sandbox-key}";
  kind.logs_in = false;
  kind.has_clock = true;
  kind.streams = {"exchanges: {keeps: forever}", "withdrawals: {keeps: forever}"};
  kind.list_paths = {"/exchanges", "/withdrawal"};
  kind.endpoints = {"partner", "exchanges", "withdrawals"};
  kind.books = {{"exchanges", "commission", "exchanges", {{"amount", "amount"}}},
                {"withdrawals", "payout", "withdrawals", {{"amount", "amount"}}}};
  kind.events = {{"add", "exchanges"},      {"remove", "exchanges"},   {"restore", "exchanges"},
                 {"reverse", "exchanges"},  {"change", "exchanges"},   {"add", "withdrawals"},
                 {"pay", "withdrawals"},    {"reject", "withdrawals"}, {"remove", "withdrawals"},
                 {"restore", "withdrawals"}};
  return kind;
}

BrokerKind iexexchanger_v3() {
  BrokerKind kind;
  kind.name = "iexexchanger_v3";
  kind.credentials = "{api_key: sandbox-key}";
  kind.logs_in = false;
  kind.has_clock = false;
  kind.streams = {"referrals: {page_size: @, keeps: forever}",
                  "payouts: {page_size: @, keeps: forever}",
                  "exchanges: {page_size: @, keeps: forever, start: %}"};
  kind.list_paths = {"/referrals", "/exchanges", "/payouts"};
  kind.endpoints = {"partner", "referrals", "exchanges", "payouts"};
  kind.books = {{"referrals", "client", "referrals", {}},
                {"exchanges", "commission", "exchanges", {{"bonus", "amount"}}},
                {"payouts", "payout", "payouts", {{"amount", "amount"}}}};
  kind.events = {{"add", "exchanges"},    {"reverse", "exchanges"}, {"settle", "exchanges"},
                 {"remove", "exchanges"}, {"restore", "exchanges"}, {"change", "exchanges"},
                 {"add", "referrals"},    {"remove", "referrals"},  {"restore", "referrals"},
                 {"change", "referrals"}, {"add", "payouts"},       {"pay", "payouts"},
                 {"reject", "payouts"}};
  return kind;
}

}  // namespace

std::vector<BrokerKind> const& broker_kinds() {
  static std::vector<BrokerKind> const kinds{exness(), wintrado(), iexexchanger(),
                                             iexexchanger_v3()};
  return kinds;
}

}  // namespace affsync::torture
