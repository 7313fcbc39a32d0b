#include "schema/store/rights.hpp"

namespace affsync::schema {
namespace {

constexpr std::string_view reads = "SELECT";
constexpr std::string_view appends = "SELECT, INSERT";
constexpr std::string_view updates = "SELECT, INSERT, UPDATE";
constexpr std::string_view removes = "SELECT, INSERT, UPDATE, DELETE";

constexpr TableRights rights[] = {
    {"absence", removes},         {"alert", removes},         {"alert_message", removes},
    {"alert_mute", removes},      {"alert_rule", removes},    {"balance", updates},
    {"client", updates},          {"client_mark", removes},   {"client_span", removes},
    {"client_sum", removes},      {"commission", updates},    {"contradiction", removes},
    {"coverage", removes},        {"currency_unit", reads},   {"earned_day", removes},
    {"earned_mark", removes},     {"field_sample", removes},  {"field_seen", removes},
    {"file_read", updates},       {"file_rows", removes},     {"fx_rate", updates},
    {"growth", removes},          {"growth_mark", removes},   {"growth_state", removes},
    {"growth_stream", updates},   {"implied_rate", removes},  {"lease", updates},
    {"metric", updates},          {"payout", updates},        {"program", removes},
    {"quarantine", removes},      {"rebate", updates},        {"rebate_group", updates},
    {"reconciliation", removes},  {"record_change", appends}, {"row_item", updates},
    {"schema_migration", reads},  {"source", updates},        {"source_block", removes},
    {"stream", updates},          {"stream_state", updates},  {"sync_run", removes},
    {"trading_account", updates}, {"unknown_row", removes},   {"upkeep", updates},
};

}  // namespace

std::span<TableRights const> writer_rights() {
  return rights;
}

std::string writer_rights_sql() {
  std::string list;
  for (auto const& [table, privileges] : rights) {
    for (auto rest = privileges; !rest.empty();) {
      auto const comma = rest.find(", ");
      if (!list.empty()) list += ", ";
      list += "('" + std::string(table) + "', '" + std::string(rest.substr(0, comma)) + "')";
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
    }
  }
  return list;
}

}  // namespace affsync::schema
