#include "schema/store/quarantine.hpp"

#include <pqxx/except>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/savepoint.hpp"

namespace affsync::schema {
namespace {

constexpr auto insert_sql =
    "INSERT INTO affsync.quarantine AS q (source_id, stream, run_id, received_at, external_id,"
    " reason, raw, record_table, fingerprint, first_received_at)"
    " SELECT DISTINCT ON (fingerprint) $1::int, $2, $3::bigint, $4::timestamptz,"
    " nullif(r.external_id, ''), r.reason, r.raw::jsonb, nullif(r.record_table, ''),"
    " md5(r.external_id || chr(31) || r.reason"
    " || CASE WHEN r.external_id = '' THEN chr(31) || r.raw ELSE '' END)::uuid AS fingerprint, "
    "$4::timestamptz"
    " FROM unnest($5::text[], $6::text[], $7::text[], $8::text[])"
    " AS r (external_id, reason, raw, record_table)"
    " ON CONFLICT (source_id, stream, fingerprint) DO UPDATE SET run_id = excluded.run_id,"
    " received_at = excluded.received_at, raw = excluded.raw,"
    " record_table = coalesce(excluded.record_table, q.record_table), resolved_at = NULL"
    " RETURNING accepted_at IS NULL";

// Returns whether the row has duplicate members. jsonb keeps only one of them, so the stored row
// would look valid.
bool loses_members_as_jsonb(std::string const& raw) {
  auto const row = parse_json(raw);
  return row && row->has_duplicate();
}

// Returns how many of the entries no user has accepted.
std::int64_t insert_rows(pqxx::transaction_base& tx, RunKey const& run,
                         std::vector<QuarantinedRow> const& rows, TimePoint now, bool raw_as_text) {
  ArrayText keys, reasons, raws, tables;
  for (auto const& row : rows) {
    keys.add(printable_utf8(row.external_id));
    reasons.add(printable_utf8(row.reason));
    tables.add(row.table == nullptr ? std::string_view() : row.table->name);
    if (raw_as_text || loses_members_as_jsonb(row.raw)) {
      std::string text;
      append_json_string(text, printable_utf8(row.raw));
      raws.add(text);
    } else {
      raws.add(row.raw);
    }
  }
  SqlParams const params{std::to_string(run.id.source_id),
                         run.id.stream,
                         std::to_string(run.run_id),
                         sql_time(now),
                         keys.take(),
                         reasons.take(),
                         raws.take(),
                         tables.take()};
  std::int64_t not_accepted = 0;
  for (auto const& line : exec(tx, insert_sql, params)) not_accepted += line[0].as<bool>() ? 1 : 0;
  return not_accepted;
}

std::optional<std::int64_t> insert_if_taken(pqxx::transaction_base& tx, RunKey const& run,
                                            std::vector<QuarantinedRow> const& rows,
                                            TimePoint now) {
  try {
    Savepoint savepoint(tx);
    auto const not_accepted = insert_rows(tx, run, rows, now, false);
    savepoint.release();
    return not_accepted;
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error)) throw;
    return std::nullopt;
  }
}

}  // namespace

std::int64_t quarantine_rows(pqxx::transaction_base& tx, RunKey const& run,
                             std::vector<QuarantinedRow> const& rows, TimePoint now) {
  if (rows.empty()) return 0;
  if (auto const not_accepted = insert_if_taken(tx, run, rows, now)) return *not_accepted;
  std::int64_t all = 0;
  for (auto const& row : rows) {
    std::vector<QuarantinedRow> const one{row};
    auto const not_accepted = insert_if_taken(tx, run, one, now);
    all += not_accepted ? *not_accepted : insert_rows(tx, run, one, now, true);
  }
  return all;
}

void resolve_stored(pqxx::transaction_base& tx, RunKey const& run, RecordTable const& table,
                    std::string keys, TimePoint now) {
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream, std::move(keys),
                         sql_time(now), std::string(table.name)};
  exec(tx,
       "UPDATE affsync.quarantine SET resolved_at = $4::timestamptz WHERE source_id = $1::int"
       " AND stream = $2 AND resolved_at IS NULL AND external_id = ANY ($3::text[])"
       // One from before tables were noted may be of any.
       " AND coalesce(record_table, $5) = $5",
       params);
}

void resolve_lines(pqxx::transaction_base& tx, RunKey const& run,
                   std::vector<std::int64_t> const& ids, TimePoint now) {
  if (ids.empty()) return;
  ArrayText numbers;
  for (auto const id : ids) numbers.add(std::to_string(id));
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream, numbers.take(),
                         sql_time(now)};
  exec(tx,
       "UPDATE affsync.quarantine SET resolved_at = $4::timestamptz WHERE source_id = $1::int"
       " AND stream = $2 AND resolved_at IS NULL AND quarantine_id = ANY ($3::bigint[])",
       params);
}

void resolve_not_met(pqxx::transaction_base& tx, RunKey const& run, TimePoint now) {
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream,
                         std::to_string(run.run_id), sql_time(now)};
  // Compare with the first run of the pass, since a pass may take several runs.
  exec(tx,
       "UPDATE affsync.quarantine SET resolved_at = $4::timestamptz WHERE source_id = $1::int"
       " AND stream = $2 AND resolved_at IS NULL AND run_id < (SELECT coalesce(z.pass_run_id,"
       " z.run_id) FROM affsync.stream_state z WHERE z.source_id = $1::int AND z.stream = $2"
       " AND z.run_id = $3::bigint)",
       params);
}

void resolve_settled(pqxx::transaction_base& tx, RunKey const& run, std::int64_t pass_run_id,
                     TimePoint now) {
  SqlParams const of_stream{std::to_string(run.id.source_id), run.id.stream};
  auto const days = exec(tx,
                         "SELECT count(*) > 0, bool_or(state = 'doubtful') FROM affsync.coverage"
                         " WHERE source_id = $1::int AND stream = $2",
                         of_stream)[0];
  if (!days[0].as<bool>() || days[1].as<bool>()) return;
  // No pass asks for the rows of a file again.
  if (exec(tx,
           "SELECT EXISTS (SELECT FROM affsync.file_read WHERE source_id = $1::int"
           " AND stream = $2)",
           of_stream)[0][0]
          .as<bool>()) {
    return;
  }
  constexpr auto open =
      " WHERE source_id = $1::int AND stream = $2 AND resolved_at IS NULL AND accepted_at IS NULL"
      " AND run_id < $3::bigint";
  auto params = of_stream;
  params.emplace_back(std::to_string(pass_run_id));
  ArrayText runs;
  auto const found =
      exec(tx, std::string("SELECT DISTINCT run_id FROM affsync.quarantine") + open, params);
  if (found.empty()) return;
  for (auto const& row : found) runs.add(row[0].c_str());
  // A run that was stopped may have left its slice open: then no day is in doubt because of it.
  SqlParams const of_runs{std::to_string(run.id.source_id), runs.take()};
  ArrayText stopped;
  for (auto const& row : exec(tx,
                              "SELECT run_id FROM affsync.sync_run WHERE source_id = $1::int"
                              " AND run_id = ANY ($2::bigint[])"
                              " AND status NOT IN ('succeeded', 'partial')",
                              of_runs)) {
    stopped.add(row[0].c_str());
  }
  params.emplace_back(sql_time(now));
  params.emplace_back(stopped.take());
  exec(tx,
       std::string("UPDATE affsync.quarantine SET resolved_at = $4::timestamptz") + open +
           " AND run_id <> ALL ($5::bigint[])",
       params);
}

}  // namespace affsync::schema
