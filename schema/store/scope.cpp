#include "schema/store/scope.hpp"

namespace affsync::schema {

std::string known_column(RecordTable const& table, std::string const& column) {
  if (!table.index_of(column)) {
    throw Failure(ErrorCode::internal,
                  "the table " + std::string(table.name) + " has no column " + column);
  }
  return "t." + quote_name(column);
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

}  // namespace affsync::schema
