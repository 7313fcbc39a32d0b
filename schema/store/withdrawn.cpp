#include "schema/store/withdrawn.hpp"

#include "base/tables.hpp"

namespace affsync::schema {
namespace {

// What was earned or paid out; a balance is no such sum.
bool has_sums(RecordTable const& table) {
  return table.name == "commission" || table.name == "rebate" || table.name == "payout";
}

std::string amount_sql(RecordTable const& table) {
  if (!has_sums(table)) return "NULL::text AS currency, 0::numeric AS amount";
  std::string const counts =
      table.index_of("status")
          ? " FILTER (WHERE coalesce(t.status, '') NOT IN ('rejected', 'reversed', 'failed',"
            " 'cancelled'))"
          : "";
  return "t.currency, coalesce(sum(t.amount)" + counts + ", 0) AS amount";
}

}  // namespace

std::string withdrawn_sql(std::string const& streams) {
  std::string all;
  for (auto const& table : record_tables()) {
    if (!table.keeps_records()) continue;
    std::string const name = "affsync." + std::string(table.name);
    all +=
        (all.empty() ? "" : " UNION ALL ") +
        ("SELECT t.source_id, t.stream, count(*) AS rows, " + amount_sql(table) + " FROM " + name +
         " t JOIN g ON g.source_id = t.source_id AND g.stream = t.stream"
         " WHERE t.deleted_at IS NULL AND (t.source_id, t.external_id) NOT IN"
         " (SELECT o.source_id, o.external_id FROM " +
         name +
         " o JOIN affsync.stream q ON q.source_id = o.source_id AND q.stream = o.stream"
         " WHERE o.source_id IN (SELECT source_id FROM g) AND o.deleted_at IS NULL"
         " AND q.retired_at IS NULL AND q.in_reports"
         " AND (o.source_id, o.stream) NOT IN (SELECT source_id, stream FROM g))"
         " GROUP BY t.source_id, t.stream") +
        (has_sums(table) ? ", t.currency" : "");
  }
  return "WITH g AS MATERIALIZED (" + streams + "), r AS (" + all +
         "), c AS (SELECT source_id, stream, currency, sum(rows) AS rows, sum(amount) AS amount"
         " FROM r GROUP BY source_id, stream, currency)"
         " SELECT source_id, stream, sum(rows)::bigint AS rows,"
         " coalesce(string_agg(currency || ' ' || amount, ', ' ORDER BY currency)"
         " FILTER (WHERE amount <> 0), '') AS amounts"
         " FROM c GROUP BY source_id, stream ORDER BY source_id, stream";
}

}  // namespace affsync::schema
