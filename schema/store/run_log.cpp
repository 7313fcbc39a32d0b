#include "schema/store/run_log.hpp"

#include <pqxx/except>

#include "base/crash_point.hpp"
#include "base/utf8.hpp"
#include "schema/store/coverage.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/quarantine.hpp"
#include "schema/store/stream_holder.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr std::string_view retry_mode = "retry";

// Closes runs of the stream that are still marked as running, other than $3; none of them began
// before $5.
constexpr auto interrupt_sql =
    "UPDATE affsync.sync_run SET status = 'failed', finished_at = $4::timestamptz,"
    " error_code = 'interrupted',"
    " error = 'the process ended, or lost its lease, before the run did'"
    " WHERE source_id = $1::int AND stream = $2 AND status = 'running' AND run_id <> $3::bigint"
    " AND started_at >= $5::timestamptz";

// The stream as well, if this is its first run.
constexpr auto begin_sql =
    "WITH s AS (INSERT INTO affsync.stream (source_id, stream) VALUES ($1::int, $2)"
    " ON CONFLICT (source_id, stream) DO NOTHING)"
    " INSERT INTO affsync.sync_run (source_id, stream, started_at, status, mode, window_from,"
    " window_to) VALUES ($1::int, $2, $3::timestamptz, 'running', $4, $5::date, $6::date)"
    " RETURNING run_id";

// What a pass keeps from run to run, with its types.
constexpr std::pair<std::string_view, std::string_view> pass_columns[] = {
    {"pass_run_id", "bigint"},      {"pass_started_at", "timestamptz"}, {"pass_covered_to", "date"},
    {"pass_oldest", "timestamptz"}, {"pass_missed", "bigint"},          {"pass_kept", "bigint"}};

// What a run that resumes a pass finds of it, or else `anew`. The pass of an API has waited in
// `api_pass` if files were read beside it; $number is what it says there.
std::string found_sql(std::string_view column, std::string_view type, std::string_view anew,
                      std::size_t number) {
  std::string const name(column);
  return name + " = CASE WHEN NOT $4::boolean OR z.pass_run_id IS NULL THEN " + std::string(anew) +
         " WHEN z.api_pass IS NULL THEN z." + name + " ELSE $" + std::to_string(number) +
         "::" + std::string(type) + " END";
}

// What waits in `api_pass`, or is to wait there, and its members. Not a part of the statement
// below: Citus takes no function for ON CONFLICT whose result depends on a setting, such as the
// time zone.
std::string const& waiting_sql() {
  static std::string const sql = [] {
    std::string members, kept;
    for (auto const& [column, type] : pass_columns) {
      std::string const name(column);
      members += ", z.api_pass ->> '" + name + "'";
      kept += (kept.empty() ? "'" : ", '") + name + "', z." + name;
    }
    return "SELECT coalesce(z.api_pass, jsonb_build_object(" + kept + "))" + members +
           " FROM affsync.stream_state z WHERE z.source_id = $1::int AND z.stream = $2"
           " FOR NO KEY UPDATE";
  }();
  return sql;
}

// Also resets the state of the pass, unless the run resumes one, which keeps what its earlier runs
// found.
std::string const& take_over_sql() {
  static std::string const sql = [] {
    std::string found;
    std::size_t number = 10;  // after the parameters of the run and what waits
    for (auto const& [column, type] : pass_columns) {
      std::string anew = "excluded." + std::string(column);
      if (column == "pass_run_id") anew = "excluded.run_id";
      if (column == "pass_oldest") anew = "NULL";
      if (column == "pass_missed" || column == "pass_kept") anew = "0";
      found += found_sql(column, type, anew, number++) + ", ";
    }
    return "INSERT INTO affsync.stream_state AS z (source_id, stream, run_id, writes, pass_run_id,"
           " pass_covered_to, running, last_started_at, run_token, runs_open_since,"
           " pass_started_at)"
           " VALUES ($1::int, $2, $3::bigint, 1, $3::bigint, $5::date, $6::timestamptz IS NOT NULL,"
           " $6::timestamptz, gen_random_uuid(), $7::timestamptz, $7::timestamptz)"
           " ON CONFLICT (source_id, stream) DO UPDATE SET run_id = excluded.run_id,"
           " run_token = excluded.run_token,"
           " runs_open_since = least(z.runs_open_since, excluded.runs_open_since),"
           " writes = z.writes + 1, " +
           found +
           "api_pass = CASE WHEN $8::boolean THEN coalesce(z.api_pass, $9::jsonb) END,"
           " running = excluded.running,"
           " last_started_at = coalesce(excluded.last_started_at, z.last_started_at)"
           " RETURNING z.run_token, z.runs_open_since";
  }();
  return sql;
}

constexpr auto finish_sql =
    "UPDATE affsync.sync_run SET status = $3, finished_at = $4::timestamptz, rows_read = "
    "$5::bigint,"
    // What was merged before a write that failed is counted in the row only.
    " inserted = $6::bigint, updated = greatest(updated, $7::bigint), unchanged = $8::bigint, "
    "deleted = $9::bigint,"
    " quarantined = $10::bigint, pages = $11::bigint, requests = $12::bigint,"
    " throttled = $13::bigint, retries = $14::bigint, bytes_received = $15::bigint,"
    " duration_ms = (extract(epoch FROM $4::timestamptz - started_at) * 1000)::bigint,"
    " error_code = $16, error = $17 WHERE source_id = $1::int AND run_id = $2::bigint"
    " AND started_at = $18::timestamptz";

// A file says nothing of an API that does not succeed: then what is known of the API stays.
constexpr auto kept_sql =
    "$20::boolean AND NOT state_of_file AND last_status IN ('failed', 'partial', 'skipped')";

// Sets a column of the state if `condition` holds, unless the API's is kept.
std::string set_sql(std::string_view column, std::string_view condition, std::string_view value) {
  std::string const name(column);
  return " " + name + " = CASE WHEN " + std::string(condition) + " AND NOT coalesce(" + kept_sql +
         ", false) THEN " + std::string(value) + " ELSE " + name + " END,";
}

// Whether a pass that began after the run in `after` has read all rows; `any`: also what comes next
// where no pass reads all rows.
std::string is_read_sql(std::string const& after, bool any = false) {
  return std::string("($5::boolean") + (any ? " OR $18::boolean" : "") +
         ") AND $19::boolean AND coalesce(pass_run_id, run_id) > " + after;
}

// Empties a column of the state then, or gives it a value.
std::string read_after_sql(std::string const& column, std::string const& condition,
                           std::string const& value = "NULL") {
  return " " + column + " = CASE WHEN " + condition + " THEN " + value + " ELSE " + column +
         " END,";
}

std::string const& state_sql() {
  static std::string const sql =
      // Days after $21 were noted by a clock that was wrong.
      "WITH ahead AS (DELETE FROM affsync.coverage WHERE source_id = $1::int AND stream = $2"
      " AND day_from > $21::date), cut AS (UPDATE affsync.coverage SET day_to = $21::date"
      " WHERE source_id = $1::int AND stream = $2 AND day_from <= $21::date"
      " AND day_to > $21::date)"
      " UPDATE affsync.stream_state SET writes = writes + 1," +
      set_sql("last_success_at", "$4::boolean", "$6::timestamptz") +
      set_sql("last_status", "$11::boolean", "$13") +
      set_sql("last_error_code", "$11::boolean", "$14") +
      set_sql("last_error", "$11::boolean", "$15") +
      set_sql("state_of_file", "$11::boolean", "$20::boolean") +
      " last_full_at = CASE WHEN $4::boolean AND $5::boolean THEN $6::timestamptz"
      " ELSE last_full_at END,"
      " last_full_began_at = CASE WHEN $10::boolean THEN coalesce(pass_started_at, $6::timestamptz)"
      " ELSE last_full_began_at END,"
      " next_run_at = coalesce($7::timestamptz, next_run_at),"
      " cursor = CASE WHEN $8::text IS NULL THEN cursor ELSE nullif($8::text, '')::jsonb END,"
      " cursor_at = CASE WHEN $8::text IS NULL THEN cursor_at ELSE $6::timestamptz END," +
      // A full pass that began before a full read was requested does not satisfy the request,
      // though its last run began later. Where no pass is full, what comes next is all that can be
      // read with what has changed.
      read_after_sql("full_wanted_after", is_read_sql("full_wanted_after", true)) +
      read_after_sql("rekeyed_since", is_read_sql("rekeyed_after")) +
      read_after_sql("rekeyed_after", is_read_sql("rekeyed_after")) +
      // Rows of files beside an API are still under their old keys.
      read_after_sql("files_rekeyed_since", is_read_sql("rekeyed_after"),
                     "coalesce(files_rekeyed_since, rekeyed_since, rekeyed_after)") +
      read_after_sql("files_rekeyed_after", is_read_sql("rekeyed_after"), "rekeyed_after") +
      read_after_sql("retaken_after", is_read_sql("retaken_after")) +
      " consecutive_failures = CASE WHEN $20::boolean THEN consecutive_failures"
      " WHEN $4::boolean THEN 0"
      " ELSE consecutive_failures + $9::int END,"
      " running = running AND NOT $11::boolean, runs_open_since = $17::timestamptz,"
      " last_finished_at = CASE WHEN $11::boolean THEN $12::timestamptz ELSE last_finished_at END,"
      " clock_skew_seconds = coalesce($16::bigint, clock_skew_seconds)"
      " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint";
  return sql;
}

// The last day that can have been read by now: today, wherever the broker is. Without a broker that
// agrees to it, our clock may be the wrong one.
std::string last_possible_day(RunEnd const& end) {
  constexpr std::chrono::hours agrees{1};
  if (!end.clock_skew || std::chrono::abs(*end.clock_skew) > agrees) return "infinity";
  return format_day(std::chrono::floor<std::chrono::days>(end.now) + std::chrono::days(1));
}

std::optional<std::string> code_of(Error const* error) {
  if (error == nullptr) return std::nullopt;
  return std::string(to_string(error->code));
}

std::optional<std::string> message_of(Error const* error) {
  if (error == nullptr) return std::nullopt;
  return printable_utf8(error->to_line());
}

void finish(pqxx::transaction_base& tx, RunEnd const& end, RunStatus status, Error const* error) {
  auto const& report = end.report;
  SqlParams params{std::to_string(end.run.id.source_id), std::to_string(end.run.run_id),
                   std::string(to_string(status)), sql_time(report.finished_at.value_or(end.now))};
  for (auto const counter : {report.rows_read, report.inserted, report.updated, report.unchanged,
                             report.deleted, report.quarantined, report.pages, report.requests,
                             report.throttled, report.retries, report.bytes_received}) {
    params.emplace_back(std::to_string(counter));
  }
  params.push_back(code_of(error));
  params.push_back(message_of(error));
  params.push_back(sql_time(end.run.started_at));
  exec(tx, finish_sql, params);
}

// Notifies programs that LISTEN on affsync, so that they need not poll.
void notify(pqxx::transaction_base& tx, RunEnd const& end, RunStatus status) {
  auto const& report = end.report;
  SqlParams const params{std::to_string(end.run.id.source_id), end.run.id.stream,
                         std::string(to_string(status)),       std::to_string(end.run.run_id),
                         std::to_string(report.inserted),      std::to_string(report.updated),
                         std::to_string(report.deleted),       std::to_string(report.quarantined)};
  exec(tx,
       "SELECT pg_notify('affsync', jsonb_build_object('source_id', $1::int, 'source',"
       " (SELECT s.name FROM affsync.source s WHERE s.source_id = $1::int), 'stream', $2::text,"
       " 'status', $3::text, 'run_id', $4::bigint, 'inserted', $5::bigint, 'updated', $6::bigint,"
       " 'deleted', $7::bigint, 'quarantined', $8::bigint)::text)",
       params);
}

// In a transaction of its own, since every server of a cluster has a copy of the source. Returns
// why it failed: the run is whole all the same.
std::optional<Error> store_learned_rate(PgSession& session, RunEnd const& end) {
  if (!end.learned_rate) return std::nullopt;
  auto const& rate = *end.learned_rate;
  try {
    Transaction tx(session);
    exec(tx,
         "UPDATE affsync.source SET learned_requests_per_second = round($2::numeric, 4),"
         " learned_from_answers = round($3::numeric), learned_waits_are_told = $4::boolean,"
         " learned_at = $5::timestamptz WHERE source_id = $1::int",
         {std::to_string(end.run.id.source_id), std::to_string(rate.requests_per_second),
          std::to_string(rate.answers), rate.waits_are_told ? "true" : "false", sql_time(end.now)});
    tx.commit();
    return std::nullopt;
  } catch (std::exception const&) {
    return current_problem().error;
  }
}

// Adds what waits in `api_pass`, and its members, to the parameters of take_over_sql(); all null if
// the run neither resumes a pass nor makes one wait.
void add_waiting(pqxx::transaction_base& tx, RunStart const& start, SqlParams& params) {
  constexpr auto count = 1 + std::size(pass_columns);
  pqxx::result rows;
  if (start.resumes || is_beside_api(start.input)) {
    rows = exec(tx, waiting_sql(), {std::to_string(start.id.source_id), start.id.stream});
  }
  for (std::size_t i = 0; i < count; ++i) {
    params.push_back(rows.empty() ? std::nullopt
                                  : text_of(rows[0][static_cast<pqxx::row::size_type>(i)]));
  }
}

// The last success before now takes its place: while it is in the future, a stream that fails looks
// up to date.
void forget_success_ahead(pqxx::transaction_base& tx, RunStart const& start) {
  exec(tx,
       "UPDATE affsync.stream_state SET last_success_at = (SELECT max(r.finished_at)"
       " FROM affsync.sync_run r WHERE r.source_id = $1::int AND r.stream = $2"
       " AND r.status = 'succeeded' AND r.finished_at <= $3::timestamptz)"
       " WHERE source_id = $1::int AND stream = $2 AND last_success_at > $3::timestamptz",
       {std::to_string(start.id.source_id), start.id.stream, sql_time(start.started_at)});
}

RunKey try_to_open(PgSession& session, RunStart const& start,
                   std::optional<std::string> const& lease_token, std::string const& name) {
  Transaction tx(session, Transaction::Kind::durable);
  auto const source = std::to_string(start.id.source_id);
  auto const& stream = start.id.stream;
  SqlParams const run_params{source,
                             stream,
                             sql_time(start.started_at),
                             start.mode,
                             sql_day(start.window_from),
                             sql_day(start.window_to)};
  RunKey run;
  run.id = start.id;
  run.started_at = start.started_at;
  run.run_id = int_of(exec(tx, begin_sql, run_params)[0][0]);
  // A retry of quarantined rows says nothing about the state of the broker.
  bool const asks_broker = start.mode != retry_mode;
  auto const covered_to = start.covered ? sql_day(start.covered->to) : std::nullopt;
  SqlParams fence_params{source,
                         stream,
                         std::to_string(run.run_id),
                         start.resumes ? "true" : "false",
                         covered_to,
                         asks_broker ? sql_time(start.started_at) : std::nullopt,
                         sql_time(start.started_at),
                         is_beside_api(start.input) ? "true" : "false"};
  add_waiting(tx, start, fence_params);
  auto const taken = exec(tx, take_over_sql(), fence_params);
  run.token = taken[0][0].c_str();
  if (start.forget_success) forget_success_ahead(tx, start);
  if (start.first_day) forget_doubt_before(tx, start.id, *start.first_day);
  record_days_at_start(tx, start, run);
  SqlParams const interrupt_params{source, stream, std::to_string(run.run_id),
                                   sql_time(start.started_at), std::string(taken[0][1].c_str())};
  exec(tx, interrupt_sql, interrupt_params);
  demand_lease_and_source(tx, start.id, lease_token, name);
  crash_point(CrashPoint::run_beginning);
  tx.commit();
  crash_point(CrashPoint::run_begun);
  return run;
}

}  // namespace

RunKey open_run(PgSession& session, RunStart const& start,
                std::optional<std::string> const& lease_token, RegisteredSource const* source,
                std::function<void(std::string const&)> const& on_event) {
  auto const name = source == nullptr ? std::string() : source->registration.identity.name;
  auto const begin = std::chrono::steady_clock::now();
  try {
    return try_to_open(session, start, lease_token, name);
  } catch (pqxx::sql_error const& error) {
    auto const state = sqlstate_of(error);
    if (state == "55P03") {
      make_way(session, start.id, std::chrono::steady_clock::now() - begin, lease_token.has_value(),
               current_problem().error, on_event);
    } else {
      // After a failover to a server that lagged behind, the source may be missing.
      if (source == nullptr || state != "23503") throw;
      restore_source(session, *source);
    }
  }
  return try_to_open(session, start, lease_token, name);
}

RunEnded close_run(PgSession& session, RunEnd const& end, FencedWrite& fenced) {
  Error const* error = end.report.error ? &*end.report.error : nullptr;
  try {
    Transaction tx(session, Transaction::Kind::durable);
    crash_point(CrashPoint::run_ending);
    auto const state = enter_fence(tx, end.run);
    if (fenced.already_done(state)) return {};
    auto status = end.report.status;
    if (status == RunStatus::running) {
      status = end.success ? RunStatus::succeeded : RunStatus::failed;
    }
    finish(tx, end, status, error);
    auto const failed = status == RunStatus::failed && !end.retry;
    std::optional<std::string> skew;
    if (end.clock_skew) {
      skew = std::to_string(std::chrono::round<std::chrono::seconds>(*end.clock_skew).count());
    }
    SqlParams const params{std::to_string(end.run.id.source_id),
                           end.run.id.stream,
                           std::to_string(end.run.run_id),
                           end.success && end.up_to_date ? "true" : "false",
                           end.full_pass ? "true" : "false",
                           sql_time(end.now),
                           sql_time(end.next_run_at),
                           end.cursor,
                           failed ? "1" : "0",
                           end.full_pass && (end.success || end.read_to_end) ? "true" : "false",
                           end.retry ? "false" : "true",
                           sql_time(end.report.finished_at.value_or(end.now)),
                           std::string(to_string(status)),
                           code_of(error),
                           message_of(error),
                           skew,
                           sql_time(end.run.started_at),
                           end.adds_only ? "true" : "false",
                           end.read_to_end ? "true" : "false",
                           is_beside_api(end.input) ? "true" : "false",
                           last_possible_day(end)};
    exec(tx, state_sql(), params);
    if ((end.success || end.swept) && end.full_pass && state.has_quarantine) {
      resolve_not_met(tx, end.run, end.now);
    }
    notify(tx, end, status);
    crash_point(CrashPoint::run_noted);
    tx.commit();
    crash_point(CrashPoint::run_ended);
    fenced.committed(state);
    return {store_learned_rate(session, end)};
  } catch (Failure const& failure) {
    if (failure.error().code != ErrorCode::lease_lost) throw;
    Transaction tx(session);
    finish(tx, end, RunStatus::failed, &failure.error());
    tx.commit();
    throw;
  }
}

}  // namespace affsync::schema
