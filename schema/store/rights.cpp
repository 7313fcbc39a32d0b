#include "schema/store/rights.hpp"

namespace affsync::schema {
namespace {

constexpr std::string_view reads = "SELECT";
constexpr std::string_view appends = "SELECT, INSERT";
constexpr std::string_view to_write = "SELECT, INSERT, UPDATE";
constexpr std::string_view removes = "SELECT, INSERT, UPDATE, DELETE";

constexpr TableRights rights[] = {
    {"absence", removes},          {"alert", removes},         {"alert_message", removes},
    {"alert_mute", removes},       {"alert_rule", removes},    {"balance", to_write},
    {"client", to_write},          {"client_mark", removes},   {"client_span", removes},
    {"client_sum", removes},       {"commission", to_write},   {"contradiction", removes},
    {"coverage", removes},         {"currency_unit", reads},   {"earned_day", removes},
    {"earned_mark", removes},      {"field_sample", removes},  {"field_seen", removes},
    {"file_read", to_write},       {"file_rows", removes},     {"fx_rate", to_write},
    {"growth", removes},           {"growth_mark", removes},   {"growth_state", removes},
    {"growth_stream", to_write},   {"implied_rate", removes},  {"lease", to_write},
    {"metric", to_write},          {"payout", to_write},       {"program", removes},
    {"quarantine", removes},       {"rebate", to_write},       {"rebate_group", to_write},
    {"reconciliation", removes},   {"record_change", appends}, {"row_item", to_write},
    {"schema_migration", reads},   {"source", to_write},       {"source_block", removes},
    {"stream", to_write},          {"stream_state", to_write}, {"sync_run", removes},
    {"trading_account", to_write}, {"unknown_row", removes},   {"upkeep", to_write},
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
