// Reads the health of each stream for `affsync status` and the web pages of the daemon.

#include <map>

#include "schema/store/lease.hpp"
#include "schema/store/store_queries.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {

namespace {

std::optional<Day> day_of(pqxx::field const& field) {
  return field.is_null() ? std::nullopt : parse_day(field.c_str());
}

// Finds a stream by source and name, to add details to it.
class Places {
 public:
  explicit Places(std::vector<StreamHealth>& all) {
    for (auto& health : all) places_[{health.source, health.stream}] = &health;
  }
  StreamHealth* find(pqxx::row const& row) const {
    auto const found = places_.find({row[0].c_str(), row[1].c_str()});
    return found == places_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, StreamHealth*> places_;
};

void add_differences(pqxx::transaction_base& tx, Places const& places) {
  constexpr std::size_t most = 3;
  auto const rows = tx.exec(
      "SELECT source, stream, metric, window_from, window_to, broker_value::text,"
      " our_value::text, difference::text, " +
      epoch_sql("differs_since") +
      " FROM reporting.reconciliations WHERE NOT matched"
      " ORDER BY differs_since, metric, window_from");
  for (auto const& row : rows) {
    auto* const health = places.find(row);
    if (health == nullptr || health->differences.size() >= most) continue;
    auto& difference = health->differences.emplace_back();
    difference.metric = row[2].c_str();
    difference.from = day_of(row[3]);
    difference.to = day_of(row[4]);
    difference.broker_value = row[5].c_str();
    difference.our_value = row[6].c_str();
    difference.difference = row[7].c_str();
    difference.since = time_of(row[8]);
  }
}

void add_unknown_words(pqxx::transaction_base& tx, Places const& places) {
  constexpr std::size_t most = 5;
  auto const rows = tx.exec(
      "SELECT source, stream, word, sum(rows) FROM reporting.unknown_words"
      " GROUP BY source, stream, word ORDER BY sum(rows) DESC, word");
  for (auto const& row : rows) {
    auto* const health = places.find(row);
    if (health == nullptr || health->unknown_words.size() >= most) continue;
    auto& word = health->unknown_words.emplace_back();
    word.word = row[2].c_str();
    word.rows = int_of(row[3]);
  }
}

void add_gaps(pqxx::transaction_base& tx, Places const& places) {
  auto const rows =
      tx.exec("SELECT source, stream, day_from, day_to, state = 'lost', " + epoch_sql("noted_at") +
              " FROM reporting.coverage WHERE state <> 'proven' ORDER BY source, stream, day_from");
  for (auto const& row : rows) {
    auto* const health = places.find(row);
    auto const from = day_of(row[2]), to = day_of(row[3]);
    if (health == nullptr || !from || !to) continue;
    CoverageSpan span{*from, *to, row[4].as<bool>() ? DayState::lost : DayState::doubtful};
    span.noted_at = time_of(row[5]).value_or(TimePoint{});
    health->gaps.push_back(span);
  }
}

void add_leases(pqxx::transaction_base& tx, Places const& places) {
  auto const rows = tx.exec("SELECT s.name, l.stream, l.host, l.process_id, " +
                            epoch_sql("l.taken_at") + ", " + epoch_sql("l.until") +
                            " FROM affsync.lease l JOIN affsync.source s"
                            " ON s.source_id = l.source_id WHERE l.until > clock_timestamp()");
  for (auto const& row : rows) {
    if (auto* const health = places.find(row)) health->lease = lease_holder_of(row, 2);
  }
}

}  // namespace

std::vector<StreamHealth> read_health(PgSession& session) {
  Transaction tx(session, Transaction::Kind::statements);
  auto const rows = tx.exec(
      "SELECT source, connector, stream, record_table, " + epoch_sql("last_success_at") + ", " +
      epoch_sql("next_run_at") +
      ", lag_seconds::float8, last_status, last_error_code, last_error, rows, quarantined,"
      " unreconciled, consecutive_failures, compared, ended_status, " +
      epoch_sql("last_finished_at") + ", accepted, " + epoch_sql("blocked_until") +
      ", blocked_code, blocked_reason, proven_days, doubtful_days, lost_days, proven_from,"
      " proven_to, clock_skew_seconds, EXISTS (SELECT FROM affsync.source s WHERE s.source_id ="
      " h.source_id AND s.base_url LIKE 'file:%') FROM reporting.source_health h"
      " ORDER BY source, stream");
  std::vector<StreamHealth> all;
  all.reserve(static_cast<std::size_t>(rows.size()));
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
    health.ended_status = row[15].c_str();
    health.last_finished_at = time_of(row[16]);
    health.accepted = int_of(row[17]);
    health.blocked_until = time_of(row[18]);
    health.blocked_code = row[19].c_str();
    health.blocked_reason = row[20].c_str();
    health.proven_days = int_of(row[21]);
    health.doubtful_days = int_of(row[22]);
    health.lost_days = int_of(row[23]);
    health.proven_from = day_of(row[24]);
    health.proven_to = day_of(row[25]);
    if (!row[26].is_null()) health.clock_skew_seconds = int_of(row[26]);
    health.of_files = row[27].as<bool>();
    all.push_back(std::move(health));
  }
  Places const places(all);
  add_differences(tx, places);
  add_unknown_words(tx, places);
  add_gaps(tx, places);
  add_leases(tx, places);
  return all;
}

std::vector<StreamHealth> read_standing(PgSession& session) {
  Transaction tx(session, Transaction::Kind::statements);
  auto const rows = tx.exec(
      "SELECT s.name, s.connector, st.stream, " + epoch_sql("z.last_success_at") + ", " +
      epoch_sql("z.next_run_at") +
      ", z.last_status, z.last_error_code, z.last_error, coalesce(z.consecutive_failures, 0), " +
      epoch_sql("b.until") +
      ", b.code, b.reason"
      " FROM affsync.source s JOIN affsync.stream st ON st.source_id = s.source_id"
      " LEFT JOIN affsync.stream_state z ON z.source_id = st.source_id AND z.stream = st.stream"
      " LEFT JOIN affsync.source_block b ON b.source_id = st.source_id AND b.until > now()"
      " WHERE s.retired_at IS NULL AND st.retired_at IS NULL ORDER BY s.name, st.stream");
  std::vector<StreamHealth> all;
  all.reserve(static_cast<std::size_t>(rows.size()));
  for (auto const& row : rows) {
    StreamHealth health;
    health.source = row[0].c_str();
    health.connector = row[1].c_str();
    health.stream = row[2].c_str();
    health.last_success_at = time_of(row[3]);
    health.next_run_at = time_of(row[4]);
    health.last_status = health.ended_status = row[5].c_str();
    health.last_error_code = row[6].c_str();
    health.last_error = row[7].c_str();
    health.consecutive_failures = static_cast<int>(int_of(row[8]));
    health.blocked_until = time_of(row[9]);
    health.blocked_code = row[10].c_str();
    health.blocked_reason = row[11].c_str();
    all.push_back(std::move(health));
  }
  return all;
}

}  // namespace affsync::schema
