// The state of a stream, as its next run finds it.
#include "schema/store/coverage.hpp"
#include "schema/store/run_log.hpp"
#include "schema/store/server_clock.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {

StreamState read_state(PgSession& session, StreamId const& id) {
  Transaction tx(session, Transaction::Kind::statements);
  SqlParams const params{std::to_string(id.source_id), id.stream};
  auto const asked = ServerClock::elapsed();
  auto const rows =
      exec(tx,
           "SELECT z.cursor, " + epoch_sql("z.cursor_at") + ", " + epoch_sql("z.last_success_at") +
               ", " + epoch_sql("z.last_full_at") + ", " + epoch_sql("z.next_run_at") +
               ", z.consecutive_failures, " +
               epoch_sql("coalesce(z.last_full_began_at,"
                         " z.last_full_at)") +
               // Starting a run closes all others, so only the latest can be open.
               ", CASE WHEN z.running THEN z.run_id END,"
               " z.full_wanted_after IS NOT NULL, z.last_error_code, " +
               epoch_sql("z.last_finished_at") + ", " + epoch_sql("clock_timestamp()") +
               ", (SELECT count(*) FROM affsync.quarantine q WHERE q.source_id = z.source_id"
               " AND q.stream = z.stream AND q.resolved_at IS NULL AND q.accepted_at IS NOT NULL),"
               " coalesce(z.full_wanted_after >= coalesce((z.api_pass ->> 'pass_run_id')::bigint,"
               " z.pass_run_id, z.run_id), false)"
               " FROM affsync.stream_state z WHERE z.source_id = $1::int AND z.stream = $2",
           params);
  StreamState state;
  if (rows.empty()) return state;
  auto const& row = rows[0];
  // A machine whose clock is set has set that of a server on it as well.
  if (auto* clock = session.server_clock()) clock->note(time_of(row[11]).value(), asked);
  state.cursor = text_of(row[0]).value_or("");
  state.cursor_at = time_of(row[1]);
  state.last_success_at = time_of(row[2]);
  state.last_full_at = time_of(row[3]);
  state.next_run_at = time_of(row[4]);
  state.consecutive_failures = static_cast<int>(int_of(row[5]));
  state.last_full_began_at = time_of(row[6]);
  if (!row[7].is_null()) state.interrupted_run = int_of(row[7]);
  state.full_wanted = row[8].as<bool>();
  state.last_error_code = text_of(row[9]).value_or("");
  state.last_finished_at = time_of(row[10]);
  state.accepted = int_of(row[12]);
  state.full_wanted_since_pass = row[13].as<bool>();
  state.doubtful = doubtful_days(tx, id);
  return state;
}

}  // namespace affsync::schema
