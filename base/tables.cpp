#include "base/tables.hpp"

#include <array>

namespace affsync {
namespace {

using enum ColumnType;

constexpr Column money(std::string_view name) {
  return {name, numeric, true, false};
}

constexpr Column client_columns[] = {
    {"client_ref"},
    {"status"},
    {"broker_status"},
    {"country"},
    {"registered_at", timestamptz},
    {"first_deposit_at", timestamptz},
    {"first_trade_at", timestamptz},
    {"last_activity_at", timestamptz},
    {"kyc_status"},
    {"has_deposit", boolean},
    {"has_traded", boolean},
    {"link_code"},
    {"campaign"},
    {"parent_ref"},
    {"currency"},
    {"volume_lots", numeric},
    {"volume_usd", numeric},
    money("earned_usd"),
    money("rebate_usd"),
    money("deposits"),
    money("withdrawals"),
    {"name"},
    {"email"},
    {"phone"},
    {"partner_rate", numeric, false, false, true},
};

constexpr Column trading_account_columns[] = {
    {"client_ref"},
    {"account"},
    {"account_type"},
    {"platform"},
    {"currency"},
    {"country"},
    {"opened_at", timestamptz},
    {"last_trade_at", timestamptz},
    {"link_code"},
    {"partner_account"},
    {"is_demo", boolean},
    {"volume_lots", numeric},
    {"volume_usd", numeric},
    money("reward"),
    money("reward_usd"),
};

constexpr Column rebate_group_columns[] = {
    {"title"},
    {"group_type"},
    {"rebate_percent", numeric},
    {"period"},
    {"period_value", bigint},
    {"period_start"},
    {"period_end"},
    {"clients_count", bigint},
    {"is_default", boolean},
    {"link_code"},
    {"size_min", numeric},
    {"size_max", numeric},
    {"created_at", timestamptz},
};

constexpr Column rebate_columns[] = {
    {"client_ref"},
    {"account"},
    {"rebate_group_id"},
    {"rebate_percent", numeric},
    money("amount"),
    {"currency"},
    money("amount_usd"),
    money("basis_amount"),
    money("basis_amount_usd"),
    {"volume_lots", numeric},
    {"volume_usd", numeric},
    {"destination_account"},
    {"status"},
    {"broker_status"},
    {"grain"},
    {"occurred_at", timestamptz},
    {"registered_at", timestamptz},
};

constexpr Column commission_columns[] = {
    {"client_ref"},
    {"account"},
    {"kind"},
    {"broker_kind"},
    {"event"},
    {"status"},
    {"broker_status"},
    money("amount"),
    money("original_amount"),
    {"currency"},
    money("amount_usd"),
    {"volume_lots", numeric},
    {"volume_usd", numeric},
    {"orders_count", bigint},
    {"symbol"},
    {"order_ref"},
    {"link_code"},
    {"partner_account"},
    {"grain"},
    {"occurred_on", date},
    {"occurred_at", timestamptz},
    {"occurred_from", timestamptz, false, true},
    {"occurred_to", timestamptz, false, true},
    {"paid_at", timestamptz},
    {"partner_rate", numeric, false, false, true},
};

constexpr Column payout_columns[] = {
    {"status"},
    {"broker_status"},
    money("amount"),
    {"currency"},
    money("amount_usd"),
    {"method"},
    {"wallet_ref"},
    {"transaction_ref"},
    {"requested_at", timestamptz},
    {"approved_at", timestamptz},
    {"rejected_at", timestamptz},
    {"paid_at", timestamptz},
    {"reject_reason"},
};

constexpr Column balance_columns[] = {
    {"metric"},      {"account"},       {"currency"},
    money("amount"), money("reserved"), {"observed_at", timestamptz, false, true},
};

constexpr Column metric_columns[] = {
    {"grain"},
    {"occurred_on", date},
    {"link_code"},
    {"campaign"},
    {"client_ref"},
    {"country"},
    {"impressions", bigint},
    {"clicks", bigint},
    {"unique_clicks", bigint},
    {"leads", bigint},
    {"registrations", bigint},
    {"first_deposits", bigint},
    {"deposits", bigint},
    {"qualified", bigint},
    {"active_clients", bigint},
    {"orders_count", bigint},
    {"volume_lots", numeric},
    {"volume_usd", numeric},
};

constexpr Column fx_rate_columns[] = {
    {"currency"},
    {"on_date", date},
    {"usd_rate", numeric},
};
constexpr std::string_view fx_rate_key[] = {"currency", "on_date"};

constexpr RecordTable tables[] = {
    {"client", client_columns},
    {"trading_account", trading_account_columns},
    {"rebate_group", rebate_group_columns},
    {"rebate", rebate_columns},
    {"commission", commission_columns},
    {"payout", payout_columns},
    {"balance", balance_columns},
    {"metric", metric_columns},
    {"fx_rate", fx_rate_columns, fx_rate_key},
};
constexpr std::size_t lookup_tables = 1;  // at the end of `tables`

}  // namespace

std::string_view to_sql(ColumnType type) {
  switch (type) {
    case text:
      return "text";
    case numeric:
      return "numeric";
    case bigint:
      return "bigint";
    case boolean:
      return "boolean";
    case date:
      return "date";
    case timestamptz:
      return "timestamptz";
  }
  return "text";
}

std::optional<std::size_t> RecordTable::index_of(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return i;
  }
  return std::nullopt;
}

std::span<RecordTable const> stream_tables() {
  return tables;
}

std::span<RecordTable const> record_tables() {
  return stream_tables().first(std::size(tables) - lookup_tables);
}

RecordTable const* find_record_table(std::string_view name) {
  for (auto const& table : tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace affsync
