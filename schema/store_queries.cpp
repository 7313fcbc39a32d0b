#include "schema/store_queries.hpp"

#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "base/crash_point.hpp"

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
  crash_point(CrashPoint::source_registering);
  tx.commit();
  return static_cast<int>(id);
}

std::optional<std::string> take_in_source(PgSession& session, SourceIdentity const& source,
                                          std::vector<std::string> const& configured) {
  pqxx::work tx(session.connection());
  SqlParams const name{source.name};
  std::optional<std::string> old_name;
  if (exec(tx, "SELECT FROM affsync.source WHERE name = $1", name).empty()) {
    // Two instances that start together must not both take a row over.
    tx.exec("LOCK TABLE affsync.source IN SHARE ROW EXCLUSIVE MODE");
    ArrayText names;
    for (auto const& one : configured) names.add(one);
    SqlParams const params{source.name, source.connector, source.base_url, source.account,
                           names.take()};
    // Only where there is no doubt which one it was.
    auto const renamed = exec(
        tx,
        "WITH same AS (SELECT min(source_id) AS source_id, min(name) AS name FROM affsync.source"
        " WHERE connector = $2 AND base_url = $3 AND account = $4 AND name <> ALL ($5::text[])"
        " HAVING count(*) = 1)"
        " UPDATE affsync.source s SET name = $1, retired_at = NULL FROM same"
        " WHERE s.source_id = same.source_id"
        " AND NOT EXISTS (SELECT FROM affsync.source WHERE name = $1) RETURNING same.name",
        params);
    if (!renamed.empty()) old_name = renamed[0][0].c_str();
  }
  SqlParams const identity{source.name, source.connector, source.base_url, source.account};
  exec(tx,
       "INSERT INTO affsync.source (name, connector, base_url, account)"
       " SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM affsync.source WHERE name = $1)"
       " ON CONFLICT (name) DO NOTHING",
       identity);
  SqlParams const account{source.name, source.account};
  exec(tx, "UPDATE affsync.source SET account = $2 WHERE name = $1 AND account IS DISTINCT FROM $2",
       account);
  tx.commit();
  return old_name;
}

void retire_other_streams(PgSession& session, int source_id,
                          std::vector<std::string> const& streams) {
  pqxx::work tx(session.connection());
  ArrayText kept;
  for (auto const& stream : streams) kept.add(stream);
  SqlParams const params{std::to_string(source_id), kept.take()};
  exec(tx,
       "UPDATE affsync.stream SET retired_at = now(), in_reports = false"
       " WHERE source_id = $1::int AND retired_at IS NULL AND stream <> ALL ($2::text[])",
       params);
  exec(tx,
       "UPDATE affsync.stream SET retired_at = NULL"
       " WHERE source_id = $1::int AND retired_at IS NOT NULL AND stream = ANY ($2::text[])",
       params);
  tx.commit();
}

void retire_others(PgSession& session, std::vector<std::string> const& names) {
  pqxx::work tx(session.connection());
  ArrayText kept;
  for (auto const& name : names) kept.add(name);
  SqlParams const params{kept.take()};
  exec(tx,
       "UPDATE affsync.source SET retired_at = now()"
       " WHERE retired_at IS NULL AND name <> ALL ($1::text[])",
       params);
  tx.commit();
}

void note_stream(PgSession& session, StreamId const& id, std::string const& table, bool in_reports,
                 std::optional<bool> has_paid_state) {
  pqxx::work tx(session.connection());
  std::string const paid = !has_paid_state ? "" : *has_paid_state ? "true" : "false";
  SqlParams const params{std::to_string(id.source_id), id.stream, table,
                         in_reports ? "true" : "false", paid};
  exec(tx,
       "INSERT INTO affsync.stream AS s"
       " (source_id, stream, record_table, in_reports, has_paid_state)"
       " VALUES ($1::int, $2, nullif($3, ''), $4::boolean, nullif($5, '')::boolean)"
       " ON CONFLICT (source_id, stream) DO UPDATE"
       " SET record_table = coalesce(excluded.record_table, s.record_table),"
       " in_reports = excluded.in_reports, has_paid_state = excluded.has_paid_state"
       " WHERE (s.record_table, s.in_reports, s.has_paid_state) IS DISTINCT FROM"
       " (coalesce(excluded.record_table, s.record_table), excluded.in_reports,"
       " excluded.has_paid_state)",
       params);
  tx.commit();
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
