// Reads, resolves and accepts quarantined rows for `affsync quarantine`.

#include "base/utf8.hpp"
#include "schema/store/fence.hpp"
#include "schema/store/quarantine.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {

std::vector<QuarantinedLine> read_quarantined(PgSession& session, StreamId const& id,
                                              std::optional<QuarantinePosition> const& after,
                                              int limit) {
  Transaction tx(session, Transaction::Kind::statements);
  SqlParams const params{std::to_string(id.source_id), id.stream,
                         after ? sql_time(after->received_at) : std::nullopt,
                         std::to_string(after ? after->quarantine_id : 0), std::to_string(limit)};
  auto const rows = exec(tx,
                         "SELECT quarantine_id, coalesce(external_id, ''), reason, raw::text, " +
                             epoch_sql("received_at") +
                             ", accepted_at IS NOT NULL"
                             " FROM affsync.quarantine WHERE source_id = $1::int AND stream = $2"
                             " AND resolved_at IS NULL AND ($3::timestamptz IS NULL"
                             " OR (received_at, quarantine_id) < ($3::timestamptz, $4::bigint))"
                             " ORDER BY received_at DESC, quarantine_id DESC LIMIT $5::int",
                         params);
  std::vector<QuarantinedLine> all;
  for (auto const& row : rows) {
    auto& one = all.emplace_back();
    one.quarantine_id = int_of(row[0]);
    one.external_id = row[1].c_str();
    one.reason = row[2].c_str();
    one.raw = row[3].c_str();
    one.received_at = time_of(row[4]).value_or(TimePoint());
    one.accepted = row[5].as<bool>();
  }
  return all;
}

std::vector<std::string> changed_after(PgSession& session, StreamId const& id,
                                       std::string const& table, std::vector<KeyAt> const& keys) {
  Transaction tx(session, Transaction::Kind::statements);
  ArrayText names, times;
  for (auto const& key : keys) {
    names.add(key.external_id);
    times.add(format_time(key.at));
  }
  SqlParams const params{std::to_string(id.source_id), id.stream, names.take(), times.take()};
  auto const rows = exec(tx,
                         "SELECT t.external_id FROM affsync." + quote_name(table) +
                             " t JOIN unnest($3::text[], $4::timestamptz[]) AS k (external_id, at)"
                             " ON k.external_id = t.external_id"
                             " WHERE t.source_id = $1::int AND t.stream = $2"
                             " AND t.changed_at > k.at",
                         params);
  std::vector<std::string> newer;
  for (auto const& row : rows) newer.emplace_back(row[0].c_str());
  return newer;
}

void resolve_quarantined(PgSession& session, RunKey const& run,
                         std::vector<std::int64_t> const& ids, TimePoint now) {
  Transaction tx(session);
  enter_fence(tx, run);
  resolve_lines(tx, run, ids, now);
  tx.commit();
}

std::vector<std::int64_t> accept_quarantined(PgSession& session, Acceptance const& acceptance) {
  Transaction tx(session);
  ArrayText numbers;
  for (auto const id : acceptance.ids) numbers.add(std::to_string(id));
  bool const by_number = !acceptance.ids.empty();
  std::optional<std::string> because;
  if (!acceptance.because.empty()) because = printable_utf8(acceptance.because);
  SqlParams const params{sql_time(acceptance.now),
                         printable_utf8(acceptance.system_user),
                         because,
                         by_number ? std::optional(numbers.take()) : std::nullopt,
                         acceptance.source,
                         acceptance.stream};
  auto const rows =
      exec(tx,
           "UPDATE affsync.quarantine q SET accepted_at = $1::timestamptz,"
           " accepted_by = 'database user ' || session_user || ', system user ' || $2,"
           " accepted_because = $3 FROM affsync.source s WHERE s.source_id = q.source_id"
           " AND q.resolved_at IS NULL AND q.accepted_at IS NULL"
           " AND ($4::bigint[] IS NULL AND s.name = $5 AND q.stream = $6"
           " OR q.quarantine_id = ANY ($4::bigint[])) RETURNING q.quarantine_id",
           params);
  std::vector<std::int64_t> accepted;
  for (auto const& row : rows) accepted.push_back(int_of(row[0]));
  tx.commit();
  return accepted;
}

}  // namespace affsync::schema
