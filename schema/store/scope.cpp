#include "schema/store/scope.hpp"

#include <chrono>

#include "schema/store/row_items.hpp"

namespace affsync::schema {

std::string known_column(RecordTable const& table, std::string const& column) {
  if (!table.index_of(column)) {
    throw Failure(ErrorCode::internal,
                  "the table " + std::string(table.name) + " has no column " + column);
  }
  return "t." + quote_name(column);
}

std::string none_of(std::string const& column, std::string const& texts) {
  return "(" + column + " = ANY (" + texts + ")) IS NOT TRUE";
}

Scope live_rows_of(StreamId const& id, SliceScope const& slice) {
  Scope scope;
  scope.condition = "t.source_id = $1::int AND t.stream = $2";
  if (slice.table->keeps_records()) scope.condition += " AND t.deleted_at IS NULL";
  scope.params = {std::to_string(id.source_id), id.stream};
  if (slice.column.empty()) return scope;
  auto const column = known_column(*slice.table, slice.column);
  auto const type = slice.table->columns[*slice.table->index_of(slice.column)].type;
  // A time belongs to its UTC day.
  std::string const of_day =
      type == ColumnType::timestamptz ? "::timestamp AT TIME ZONE 'UTC'" : "";
  // A row that has a day of the broker counts on it, so the index of what was earned on a day finds
  // it.
  bool const earned = slice.table->name == "commission" && slice.column == "occurred_on";
  std::string const indexed = "affsync.earned_on(t.occurred_on, t.occurred_at, t.occurred_to)";
  if (slice.from) {
    scope.params.push_back(sql_day(slice.from));
    auto const day = "$" + std::to_string(scope.params.size()) + "::date";
    scope.condition += " AND " + column + " >= (" + day + ")" + of_day;
    if (earned) scope.condition += " AND " + indexed + " >= " + day;
  }
  if (slice.to) {
    scope.params.push_back(sql_day(slice.to));
    auto const day = "$" + std::to_string(scope.params.size()) + "::date";
    scope.condition += " AND " + column + " < (" + day + " + 1)" + of_day;
    if (earned) scope.condition += " AND " + indexed + " <= " + day;
  }
  return scope;
}

Scope asked_rows_of(SliceClose const& close, SliceScope const& slice,
                    std::optional<std::string> const& items) {
  auto judged = slice;
  auto const& shared = close.shared;
  if (shared && shared->with_day_before) *judged.from -= std::chrono::days(1);
  if (shared && shared->without_last_day) *judged.to -= std::chrono::days(1);
  auto scope = live_rows_of(close.run.id, judged);
  if (shared && !shared->without_last_day && !shared->time_column.empty()) {
    auto const time = known_column(*slice.table, shared->time_column);
    scope.params.push_back(sql_time(shared->moment));
    scope.condition += " AND (" + time + " IS NULL OR " + time + " < $" +
                       std::to_string(scope.params.size()) + "::timestamptz)";
  }
  if (items) scope.condition += " AND " + asked_items_sql(*items, scope.params);
  return scope;
}

Scope later_rows_of(SliceClose const& close, SliceScope const& slice) {
  auto last_day = slice;
  last_day.from = last_day.to;
  auto scope = live_rows_of(close.run.id, last_day);
  auto const& shared = *close.shared;
  if (shared.without_last_day || shared.time_column.empty()) return scope;
  scope.params.push_back(sql_time(shared.moment));
  scope.condition += " AND " + known_column(*slice.table, shared.time_column) + " >= $" +
                     std::to_string(scope.params.size()) + "::timestamptz";
  return scope;
}

}  // namespace affsync::schema
