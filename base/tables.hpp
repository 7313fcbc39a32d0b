// The tables that streams fill, as data: the one source of truth for their business columns, used
// by the mapping, by COPY and by the merge. The migrations spell the same columns in SQL; a test
// compares. All are record tables but fx_rate, which keeps the latest value only.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace affsync {

enum class ColumnType { text, numeric, bigint, boolean, date, timestamptz };

// The SQL name of a type.
std::string_view to_sql(ColumnType type);

struct Column {
  std::string_view name;
  ColumnType type = ColumnType::text;
  bool money = false;           // an amount: retroactive changes of it are reported
  bool volatile_value = false;  // no change of the row when it alone differs (observation times)
};

struct RecordTable {
  std::string_view name;
  std::span<Column const> columns;
  // Not empty: a table of values that are looked up, not of records. A row is known by these
  // columns (none of them null) instead of its external id; there is no raw, no history, and no
  // row is ever marked as vanished. The column `provider` is the source's name, added when stored.
  std::span<std::string_view const> value_key = {};

  bool keeps_records() const { return value_key.empty(); }

  std::optional<std::size_t> index_of(std::string_view column) const;
};

// client, trading_account, rebate_group, rebate, commission, payout, balance.
std::span<RecordTable const> record_tables();
// The record tables, and fx_rate.
std::span<RecordTable const> stream_tables();
// One of stream_tables(); nullptr when there is no such table.
RecordTable const* find_record_table(std::string_view name);

}  // namespace affsync
