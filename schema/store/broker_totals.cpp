#include "schema/store/broker_totals.hpp"

#include <string>
#include <utility>

#include "schema/store/absence.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {

std::int64_t count_rows(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope) {
  auto const& sql = merge_sql_for(*slice.table);
  auto const text = "SELECT count(*) FROM " + sql.table + " t WHERE " + scope.condition;
  return int_of(exec(tx, text, scope.params)[0][0]);
}

bool limit_to_listed(pqxx::transaction_base& tx, SliceClose const& slice, Scope& scope) {
  auto const age = age_sql(*slice.table, !slice.scope_column.empty());
  if (slice.keeps_from || slice.replaces || !slice.file.empty() || age.earliest.empty())
    return false;
  auto const next = [&](TimePoint time) {
    scope.params.emplace_back(sql_time(time));
    return " $" + std::to_string(scope.params.size()) + "::timestamptz";
  };
  scope.condition += " AND " + age.earliest + " >" + next(slice.now - always_listed);
  if (slice.to) scope.condition += " AND " + age.latest + " <" + next(TimePoint(*slice.to));
  return count_rows(tx, slice, scope) > 0;
}

std::optional<SliceClosed::Difference> compare_total(pqxx::transaction_base& tx,
                                                     SliceClose const& slice, Scope const& scope,
                                                     TotalToCompare const& total,
                                                     std::int64_t known,
                                                     std::optional<std::int64_t> count) {
  auto const& sql = merge_sql_for(*slice.table);
  auto const ours = total.column.empty()
                        ? std::string("count(*)::numeric")
                        : "coalesce(sum(" + known_column(*slice.table, total.column) + "), 0)";
  bool const counted = total.column.empty() && count && slice.listed_beside.empty();
  auto params = scope.params;
  if (counted) params.resize(2);  // source and stream; what is not used has no type
  auto next = [&](std::optional<std::string> value) {
    params.push_back(std::move(value));
    return "$" + std::to_string(params.size());
  };
  auto const run = next(std::to_string(slice.run.run_id));
  auto const metric = next(total.metric);
  auto const from = next(sql_day(slice.from));
  auto const to = next(sql_day(slice.to));
  auto const broker = next(total.broker_value);
  auto const tolerance = next(total.tolerance.empty() ? "0" : total.tolerance);
  auto const left_out = next(std::to_string(total.column.empty() ? known : 0));
  auto const now = next(sql_time(slice.now));
  std::string condition = scope.condition;
  std::string value;
  if (counted) {
    value = "SELECT " + next(std::to_string(*count)) + "::numeric AS value";
  }
  if (!slice.listed_beside.empty()) {
    ArrayText keys;
    for (auto const& key : slice.listed_beside) keys.add(key);
    condition = "((" + condition + ") OR (t.source_id = $1::int AND t.stream = $2 AND";
    if (slice.table->keeps_records()) condition += " t.deleted_at IS NULL AND";
    condition += " t.external_id = ANY (" + next(keys.take()) + "::text[])))";
  }
  if (value.empty()) {
    value = "SELECT " + ours + " AS value FROM " + sql.table + " t WHERE " + condition;
  }
  auto const row = exec(
      tx,
      "INSERT INTO affsync.reconciliation (source_id, run_id, stream, metric, window_from,"
      " window_to, broker_value, our_value, difference, matched, compared_at)"
      " SELECT $1::int, " +
          run + "::bigint, $2, " + metric + ", " + from + "::date, " + to + "::date, " + broker +
          "::numeric, o.value, o.value - " + broker + "::numeric, o.value - " + broker +
          "::numeric BETWEEN -" + tolerance + "::numeric - " + left_out + "::numeric AND " +
          tolerance + "::numeric, " + now + "::timestamptz FROM (" + value +
          ") o RETURNING matched, metric, broker_value::text, our_value::text, difference::text",
      params)[0];
  if (row[0].as<bool>()) return std::nullopt;
  SliceClosed::Difference difference;
  difference.metric = row[1].c_str();
  difference.broker_value = row[2].c_str();
  difference.our_value = row[3].c_str();
  difference.difference = row[4].c_str();
  return difference;
}

}  // namespace affsync::schema
