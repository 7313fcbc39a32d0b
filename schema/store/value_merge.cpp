// Stores rows in a table of lookup values, such as exchange rates. The key columns identify a row,
// and only the latest value is kept. Of several rows with the same key, the last one counts.
#include <algorithm>

#include "schema/store/row_merge.hpp"

namespace affsync::schema {
namespace {

class ValueMerge : public RowMerge {
 public:
  using RowMerge::RowMerge;

  Stored store(pqxx::transaction_base& tx, RowRefs const& rows) override {
    SqlParams params{source_, page_.run.id.stream, run_, now_};
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      ArrayText cells;
      for (auto const& row : rows) cells.add(row.cell(i));
      params.emplace_back(cells.take());
    }
    auto const counts = exec(tx, statement(), params);
    Stored stored;
    stored.inserted = int_of(counts[0][0]);
    stored.updated = int_of(counts[0][1]);
    return stored;
  }

 private:
  // $1 source, $2 stream, $3 run, $4 now, then one array per column -> inserted, updated
  std::string statement() const {
    std::string arrays, columns, values, assignments, keys, same_key, old_row, new_row;
    auto const append = [](std::string& list, char const* separator, std::string const& item) {
      if (!list.empty()) list += separator;
      list += item;
    };
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      auto const& column = table_.columns[i];
      auto const name = quote_name(column.name);
      append(arrays, ", ", "$" + std::to_string(i + 5) + "::" + std::string(to_sql(column.type)));
      arrays += "[]";
      append(columns, ", ", name);
      append(values, ", ", "n." + name);
      auto const in_key = [&](std::string_view key) { return key == column.name; };
      if (std::any_of(table_.value_key.begin(), table_.value_key.end(), in_key)) {
        append(keys, ", ", "n." + name);
        append(same_key, " AND ", "t." + name + " = n." + name);
      } else {
        append(assignments, ", ", name + " = n." + name);
        append(old_row, ", ", "t." + name);
        append(new_row, ", ", "n." + name);
      }
    }
    auto const target = "affsync." + quote_name(table_.name);
    auto const stored = "t.source_id = $1::int AND t.stream = $2 AND " + same_key;
    return "WITH n AS MATERIALIZED (SELECT DISTINCT ON (" + keys + ") * FROM unnest(" + arrays +
           ") WITH ORDINALITY AS n (" + columns + ", nth) ORDER BY " + keys +
           ", n.nth DESC), i AS (INSERT INTO " + target +
           " (source_id, stream, provider, run_id,"
           " changed_at, " +
           columns + ") SELECT s.source_id, $2, s.name, $3::bigint, $4::timestamptz, " + values +
           " FROM n JOIN affsync.source s ON s.source_id = $1::int WHERE NOT EXISTS (SELECT FROM " +
           target + " t WHERE " + stored + ") RETURNING 1), u AS (UPDATE " + target + " t SET " +
           assignments + ", run_id = $3::bigint, changed_at = $4::timestamptz FROM n WHERE " +
           stored + " AND (" + old_row + ") IS DISTINCT FROM (" + new_row +
           ") RETURNING 1) SELECT (SELECT count(*) FROM i), (SELECT count(*) FROM u)";
  }
};

}  // namespace

std::unique_ptr<RowMerge> make_value_merge(PgSession& session, PageWrite const& page,
                                           RecordTable const& table) {
  return std::make_unique<ValueMerge>(session, page, table);
}

}  // namespace affsync::schema
