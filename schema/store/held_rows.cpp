#include "schema/store/held_rows.hpp"

#include <optional>
#include <string>

#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

struct Held {
  std::optional<std::int64_t> since;
  std::int64_t rows = 0;
};

// What is held after the pass.
Held held_now(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known, bool whole,
              PassClosed const& closed) {
  if (closed.would_delete > 0) {
    return {known.held_since ? known.held_since : known.pass_run_id, closed.would_delete};
  }
  if (!known.held_since || (pass.full && whole)) return {};
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(*known.held_since)};
  auto const left = int_of(exec(tx,
                                "SELECT count(*) FROM affsync.absence WHERE source_id = $1::int"
                                " AND stream = $2 AND run_id >= $3::bigint AND passes > 0",
                                params)[0][0]);
  if (left > 0) return {known.held_since, left};
  // Of a list that was empty, no row is recorded as missed: one that still is shows nothing new.
  bool const shows_rows = known.oldest || known.kept == 0;
  if (shows_rows) return {};
  return {known.held_since, known.held_rows};
}

}  // namespace

std::int64_t held_before(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known,
                         RecordTable const& table) {
  if (!known.held_since || pass.full) return 0;
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(*known.held_since), std::to_string(known.pass_run_id),
                         std::string(table.name)};
  return int_of(exec(tx,
                     "SELECT count(*) FROM affsync.absence WHERE source_id = $1::int"
                     " AND stream = $2 AND run_id >= $3::bigint AND run_id < $4::bigint"
                     " AND record_table = $5 AND passes > 0",
                     params)[0][0]);
}

std::int64_t note_held(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known,
                       bool whole, PassClosed const& closed) {
  auto const held = held_now(tx, pass, known, whole, closed);
  if (held.since == known.held_since && held.rows == known.held_rows) {
    return closed.would_delete > 0 ? 0 : held.rows;
  }
  auto const text = [](std::optional<std::int64_t> number) -> std::optional<std::string> {
    if (!number) return std::nullopt;
    return std::to_string(*number);
  };
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass.run.run_id), text(held.since),
                         held.since ? text(held.rows) : std::nullopt};
  exec(tx,
       "UPDATE affsync.stream_state SET held_since = $4::bigint, held_rows = $5::bigint"
       " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint",
       params);
  return closed.would_delete > 0 ? 0 : held.rows;
}

}  // namespace affsync::schema
