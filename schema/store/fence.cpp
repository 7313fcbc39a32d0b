#include "schema/store/fence.hpp"

#include <optional>
#include <utility>

#include "schema/store/pg_session.hpp"

namespace affsync::schema {

std::shared_ptr<RunWrites> RunRegistry::of(std::int64_t run_id) {
  std::lock_guard lock(mutex_);
  auto& entry = runs_[run_id];
  if (!entry) entry = std::make_shared<RunWrites>(allowance_);
  return entry;
}

void RunRegistry::forget(std::int64_t run_id) {
  std::lock_guard lock(mutex_);
  runs_.erase(run_id);
}

namespace {

// `state`: the number of the run that may write, and whether its token is that of `run`; empty if
// the stream has no state.
void demand_own(RunKey const& run, std::optional<std::pair<std::int64_t, bool>> const& state) {
  if (state && state->first == run.run_id && state->second) return;
  // After a failover to a server that lagged behind, the other run may have the same number.
  auto const other = state ? std::to_string(state->first) : std::string("none");
  throw Failure(ErrorCode::lease_lost,
                "run " + std::to_string(run.run_id) + " may no longer write: run " + other +
                    " has taken over its stream",
                "Another affsync uses the same database; this one leaves the stream to it.");
}

// SQL of a column that counts for files beside an API only; null for the API.
std::string of_file_sql(std::string const& column) {
  return " CASE WHEN z.api_pass IS NOT NULL THEN " + column + " END";
}

}  // namespace

void share_fence(pqxx::transaction_base& tx, RunKey const& run) {
  auto const rows =
      exec(tx,
           "SELECT z.run_id, coalesce(z.run_token::text, '') = $3 FROM affsync.stream_state z"
           " WHERE z.source_id = $1::int AND z.stream = $2 FOR SHARE",
           {std::to_string(run.id.source_id), run.id.stream, run.token});
  if (rows.empty()) return demand_own(run, std::nullopt);
  demand_own(run, std::pair(int_of(rows[0][0]), rows[0][1].as<bool>()));
}

FenceState enter_fence(pqxx::transaction_base& tx, RunKey const& run) {
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream, run.token};
  auto const rows =
      exec(tx,
           "SELECT z.writes, z.run_id, EXISTS (SELECT FROM affsync.quarantine q"
           " WHERE q.source_id = $1::int AND q.stream = $2 AND q.resolved_at IS NULL),"
           " coalesce(z.run_token::text, '') = $3, coalesce(z.pass_run_id, z.run_id),"
           " z.pass_covered_to, " +
               epoch_sql("z.pass_oldest") +
               ", z.pass_missed, z.pass_kept, z.live_rows, coalesce(z.rekeyed_after," +
               of_file_sql("z.files_rekeyed_after") +
               "), coalesce(z.rekeyed_by, 0), least(z.rekeyed_since, z.rekeyed_after," +
               of_file_sql("z.files_rekeyed_since") +
               "),"
               " z.retaken_after, z.held_since, coalesce(z.held_rows, 0), z.recut_after,"
               " z.full_wanted_after, z.unmade_after"
               " FROM affsync.stream_state z"
               " WHERE z.source_id = $1::int AND z.stream = $2 FOR NO KEY UPDATE",
           params);
  if (rows.empty()) demand_own(run, std::nullopt);
  demand_own(run, std::pair(int_of(rows[0][1]), rows[0][3].as<bool>()));
  FenceState state;
  state.writes = int_of(rows[0][0]);
  state.has_quarantine = rows[0][2].as<bool>();
  auto& pass = state.pass;
  pass.pass_run_id = int_of(rows[0][4]);
  if (!rows[0][5].is_null()) pass.covered_to = parse_day(rows[0][5].c_str());
  pass.oldest = time_of(rows[0][6]);
  pass.missed = int_of(rows[0][7]);
  pass.kept = int_of(rows[0][8]);
  pass.live_rows = int_of(rows[0][9]);
  if (!rows[0][10].is_null()) pass.rekeyed_after = int_of(rows[0][10]);
  pass.rekeyed_by = int_of(rows[0][11]);
  auto const run_in = [&](int column) -> std::optional<std::int64_t> {
    if (rows[0][column].is_null()) return std::nullopt;
    return int_of(rows[0][column]);
  };
  pass.rekeyed_since = run_in(12);
  pass.retaken_after = run_in(13);
  pass.held_since = run_in(14);
  pass.held_rows = int_of(rows[0][15]);
  pass.recut_after = run_in(16);
  pass.wanted_after = run_in(17);
  pass.unmade_after = run_in(18);
  return state;
}

bool FencedWrite::already_done(FenceState const& state) {
  if (attempted_ && state.writes == *attempted_ + 1) {
    writes_.count = state.writes;
    return true;
  }
  auto const expected = attempted_ ? attempted_ : writes_.count;
  if (expected && *expected != state.writes) {
    throw Failure(ErrorCode::database_unavailable,
                  "the database has lost transactions that it had confirmed (it crashed)",
                  "The stream resumes from its last stored checkpoint by itself.");
  }
  attempted_ = state.writes;
  return false;
}

}  // namespace affsync::schema
