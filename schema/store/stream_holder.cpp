#include "schema/store/stream_holder.hpp"

#include <exception>
#include <utility>

#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

// Whoever has locked or changed a row is its xmax. This may also be the number of several sessions
// that share the row, so the one that is found must use the table.
constexpr auto holder_sql =
    "SELECT 'process ' || a.pid || ' (' || concat_ws(', ', a.usename, nullif(a.application_name,"
    " '')) || ')' || coalesce(', since ' || date_trunc('second', clock_timestamp() -"
    " a.xact_start), ''), CASE WHEN $4::boolean AND a.usename = current_user"
    " AND a.application_name = current_setting('application_name')"
    " AND a.wait_event = 'ClientRead'"
    " AND a.state_change < clock_timestamp() - $3::bigint * interval '1 millisecond'"
    " THEN pg_terminate_backend(a.pid) ELSE false END"
    " FROM affsync.stream_state z"
    " JOIN pg_locks l ON l.locktype = 'transactionid' AND l.transactionid = z.xmax AND l.granted"
    " JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()"
    " WHERE z.source_id = $1::int AND z.stream = $2 AND EXISTS (SELECT FROM pg_locks r"
    " WHERE r.pid = a.pid AND r.relation = 'affsync.stream_state'::regclass)";

struct Holder {
  std::string text;    // "process 7 (affsync, psql), since 00:01:10"; empty: nobody, or not known
  bool ended = false;  // its session was ended
  Holder() = default;
};

Holder find_holder(PgSession& session, StreamId const& id, std::chrono::nanoseconds waited,
                   bool may_end) {
  Holder holder;
  try {
    Transaction tx(session, Transaction::Kind::statements);
    SqlParams const params{
        std::to_string(id.source_id), id.stream,
        std::to_string(std::chrono::floor<std::chrono::milliseconds>(waited).count()),
        may_end ? "true" : "false"};
    auto const rows = exec(tx, holder_sql, params);
    if (!rows.empty()) {
      holder.text = text_of(rows[0][0]).value_or("");
      holder.ended = rows[0][1].as<bool>();
    }
    tx.commit();
  } catch (std::exception const&) {
    // A table that Citus distributes has no such column, for example.
  }
  return holder;
}

}  // namespace

void make_way(PgSession& session, StreamId const& id, std::chrono::nanoseconds waited, bool may_end,
              Error locked, std::function<void(std::string const&)> const& on_event) {
  auto const holder = find_holder(session, id, waited, may_end);
  if (holder.text.empty()) throw Failure(std::move(locked));
  if (!holder.ended) {
    locked.message += ": " + holder.text + " holds the stream's row in affsync.stream_state";
    throw Failure(std::move(locked));
  }
  if (on_event) {
    on_event(
        "ended the session of an affsync that has stopped amid a transaction, and whose lease"
        " is over: " +
        holder.text);
  }
}

}  // namespace affsync::schema
