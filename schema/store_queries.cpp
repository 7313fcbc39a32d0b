#include "schema/store_queries.hpp"

#include <pqxx/nontransaction>
#include <pqxx/transaction>

namespace affsync::schema {

int find_source(PgSession& session, std::string const& name, std::string const& connector,
                std::string const& base_url) {
  pqxx::work tx(session.connection());
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

namespace {

std::optional<Day> day_of(pqxx::field const& field) {
  return field.is_null() ? std::nullopt : parse_day(field.c_str());
}

void add_differences(pqxx::transaction_base& tx, std::vector<StreamHealth>& all) {
  constexpr std::size_t most = 3;
  auto const rows = tx.exec(
      "SELECT source, stream, metric, window_from, window_to, broker_value::text,"
      " our_value::text, difference::text, " +
      epoch_sql("differs_since") +
      " FROM reporting.reconciliations WHERE NOT matched"
      " ORDER BY differs_since, metric, window_from");
  for (auto const& row : rows) {
    for (auto& health : all) {
      if (health.source != row[0].c_str() || health.stream != row[1].c_str()) continue;
      if (health.differences.size() >= most) continue;
      auto& difference = health.differences.emplace_back();
      difference.metric = row[2].c_str();
      difference.from = day_of(row[3]);
      difference.to = day_of(row[4]);
      difference.broker_value = row[5].c_str();
      difference.our_value = row[6].c_str();
      difference.difference = row[7].c_str();
      difference.since = time_of(row[8]);
    }
  }
}

void add_unknown_words(pqxx::transaction_base& tx, std::vector<StreamHealth>& all) {
  constexpr std::size_t most = 5;
  auto const rows = tx.exec(
      "SELECT source, stream, word, sum(rows) FROM reporting.unknown_words"
      " GROUP BY source, stream, word ORDER BY sum(rows) DESC, word");
  for (auto const& row : rows) {
    for (auto& health : all) {
      if (health.source != row[0].c_str() || health.stream != row[1].c_str()) continue;
      if (health.unknown_words.size() >= most) continue;
      auto& word = health.unknown_words.emplace_back();
      word.word = row[2].c_str();
      word.rows = int_of(row[3]);
    }
  }
}

void add_gaps(pqxx::transaction_base& tx, std::vector<StreamHealth>& all) {
  auto const rows =
      tx.exec("SELECT source, stream, day_from, day_to, state = 'lost', " + epoch_sql("noted_at") +
              " FROM reporting.coverage WHERE state <> 'proven' ORDER BY source, stream, day_from");
  for (auto const& row : rows) {
    for (auto& health : all) {
      if (health.source != row[0].c_str() || health.stream != row[1].c_str()) continue;
      auto const from = day_of(row[2]), to = day_of(row[3]);
      if (!from || !to) continue;
      CoverageSpan span{*from, *to, row[4].as<bool>() ? DayState::lost : DayState::doubtful};
      span.noted_at = time_of(row[5]).value_or(TimePoint{});
      health.gaps.push_back(span);
    }
  }
}

}  // namespace

std::vector<StreamHealth> read_health(PgSession& session) {
  pqxx::nontransaction tx(session.connection());
  auto const rows =
      tx.exec("SELECT source, connector, stream, record_table, " + epoch_sql("last_success_at") +
              ", " + epoch_sql("next_run_at") +
              ", lag_seconds::float8, last_status, last_error_code, last_error, rows, quarantined,"
              " unreconciled, consecutive_failures, compared"
              " FROM reporting.source_health ORDER BY source, stream");
  std::vector<StreamHealth> all;
  for (auto const& row : rows) {
    StreamHealth health;
    health.source = row[0].c_str();
    health.connector = row[1].c_str();
    health.stream = row[2].c_str();
    health.table = row[3].c_str();
    health.last_success_at = time_of(row[4]);
    health.next_run_at = time_of(row[5]);
    if (!row[6].is_null()) health.lag_seconds = row[6].as<double>();
    health.last_status = row[7].c_str();
    health.last_error_code = row[8].c_str();
    health.last_error = row[9].c_str();
    health.rows = int_of(row[10]);
    health.quarantined = int_of(row[11]);
    health.unreconciled = int_of(row[12]);
    health.consecutive_failures = static_cast<int>(int_of(row[13]));
    health.compared = int_of(row[14]);
    all.push_back(std::move(health));
  }
  add_differences(tx, all);
  add_unknown_words(tx, all);
  add_gaps(tx, all);
  return all;
}

Store::Table read_table(PgSession& session, std::string const& sql, SqlParams const& parameters) {
  pqxx::work tx(session.connection());
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
