#include "schema/store/store_queries.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {

int find_source(PgSession& session, std::string const& name, std::string const& connector,
                std::string const& base_url) {
  Transaction tx(session);
  SqlParams const params{name, connector, base_url};
  exec(tx,
       "INSERT INTO affsync.source AS s (name, connector, base_url)"
       " SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM affsync.source WHERE name = $1)"
       " ON CONFLICT (name) DO NOTHING",
       params);
  exec(tx,
       "UPDATE affsync.source SET connector = $2, base_url = $3, retired_at = NULL WHERE name = $1"
       " AND (connector, base_url, retired_at) IS DISTINCT FROM ($2, $3, NULL::timestamptz)",
       params);
  SqlParams const key{name};
  auto const id =
      int_of(exec(tx, "SELECT source_id FROM affsync.source WHERE name = $1", key)[0][0]);
  tx.commit();
  return static_cast<int>(id);
}

Store::Table read_table(PgSession& session, std::string const& sql, SqlParams const& parameters) {
  Transaction tx(session);
  tx.exec("SET TRANSACTION READ ONLY");
  auto const result = exec(tx, sql, parameters);
  Store::Table table;
  for (int column = 0; column < static_cast<int>(result.columns()); ++column) {
    table.columns.emplace_back(result.column_name(column));
  }
  table.rows.reserve(static_cast<std::size_t>(result.size()));
  for (auto const& row : result) {
    std::vector<std::optional<std::string>> cells;
    cells.reserve(table.columns.size());
    for (auto const& field : row) cells.push_back(text_of(field));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace affsync::schema
