// The tables that streams fill and their business columns, as data for the mapping, COPY and the
// merge. The migrations define the same columns in SQL; a test compares both. All are record tables
// except fx_rate, which keeps only the latest value.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace affsync {

enum class ColumnType { text, numeric, bigint, boolean, date, timestamptz };

// Returns the SQL name of a type.
std::string_view to_sql(ColumnType type);

struct Column {
  std::string_view name;
  ColumnType type = ColumnType::text;
  bool money = false;           // an amount: its retroactive changes are reported
  bool volatile_value = false;  // if only this column differs, the row has not changed
                                // (observation times)
  bool added_later = false;     // rows were stored before the column existed: without a value, the
                                // row's hash is what it was
};

struct RecordTable {
  std::string_view name;
  std::span<Column const> columns;
  // If not empty, this is a table of lookup values, not of records. These columns, which are never
  // null, identify a row instead of its external id. The table has no raw and no history, and its
  // rows are never marked as vanished. The column `provider` is the source's name; the store adds
  // it.
  std::span<std::string_view const> value_key = {};

  bool keeps_records() const { return value_key.empty(); }

  std::optional<std::size_t> index_of(std::string_view column) const;
};

// Returns client, trading_account, rebate_group, rebate, commission, payout, balance,
// metric.
std::span<RecordTable const> record_tables();
// Returns the record tables and fx_rate.
std::span<RecordTable const> stream_tables();
// Finds one of stream_tables() by name; nullptr if there is no such table.
RecordTable const* find_record_table(std::string_view name);

}  // namespace affsync
