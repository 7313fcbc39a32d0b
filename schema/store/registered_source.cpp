#include "schema/store/registered_source.hpp"

#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

std::optional<std::string> unless_empty(std::string const& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

// Numbers that are given out from now on are above this one. To ask for each is what a program
// without rights on the sequence may do.
void give_no_number_up_to(pqxx::transaction_base& tx, int source_id) {
  std::string const next = "nextval(pg_get_serial_sequence('affsync.source', 'source_id'))";
  auto const given = int_of(tx.exec("SELECT " + next)[0][0]);
  if (given >= source_id) return;
  SqlParams const more{std::to_string(source_id - given)};
  exec(tx, "SELECT max(" + next + ") FROM generate_series(1, $1::bigint)", more);
}

}  // namespace

Failure replaced(std::string const& name) {
  auto const which = name.empty() ? "source" : "source `" + name + "`";
  return Failure(ErrorCode::config_invalid,
                 "the database no longer has the " + which +
                     " under its number, as after a backup was restored, so nothing is read of it",
                 "`affsync run` registers its sources again by itself, within a minute. Start"
                 " another command again.");
}

void demand_all(PgSession& session, std::vector<RegisteredSource> const& sources) {
  ArrayText ids, created;
  for (auto const& source : sources) {
    ids.add(std::to_string(source.source_id));
    created.add(source.created_at);
  }
  Transaction tx(session, Transaction::Kind::statements);
  SqlParams const params{ids.take(), created.take()};
  auto const gone = exec(tx,
                         "SELECT g.source_id FROM unnest($1::int[], $2::timestamptz[])"
                         " g (source_id, created_at) LEFT JOIN affsync.source s"
                         " ON s.source_id = g.source_id AND s.created_at = g.created_at"
                         " WHERE s.source_id IS NULL ORDER BY 1 LIMIT 1",
                         params);
  if (gone.empty()) return;
  for (auto const& source : sources) {
    if (source.source_id == gone[0][0].as<int>()) throw replaced(source.registration.identity.name);
  }
}

void demand_lease_and_source(pqxx::transaction_base& tx, StreamId const& id,
                             std::optional<std::string> const& lease_token,
                             std::string const& name) {
  bool const is_registered = !id.created_at.empty();
  if (!lease_token && !is_registered) return;
  std::optional<std::string> created_at;
  if (is_registered) created_at = id.created_at;
  SqlParams const params{std::to_string(id.source_id), id.stream, lease_token, created_at};
  auto const found =
      exec(tx,
           "SELECT EXISTS (SELECT FROM affsync.lease l WHERE l.source_id = $1::int"
           " AND l.stream = $2 AND l.token = $3::uuid), EXISTS (SELECT FROM affsync.source s"
           " WHERE s.source_id = $1::int AND s.created_at = $4::timestamptz)",
           params);
  if (is_registered && !found[0][1].as<bool>()) throw replaced(name);
  if (lease_token && !found[0][0].as<bool>()) {
    throw Failure(ErrorCode::lease_lost, "the lease of this stream was lost before the run began");
  }
}

void restore_source(PgSession& session, RegisteredSource const& source) {
  auto const& registration = source.registration;
  auto const& identity = registration.identity;
  auto const id = std::to_string(source.source_id);
  Transaction tx(session);
  SqlParams const row{id,
                      identity.name,
                      identity.connector,
                      identity.base_url,
                      unless_empty(identity.account),
                      unless_empty(registration.hash_salt),
                      unless_empty(registration.privacy),
                      source.created_at};
  auto const made = exec(tx,
                         "INSERT INTO affsync.source (source_id, name, connector, base_url,"
                         " account, hash_salt, privacy, created_at) VALUES ($1::int, $2, $3, $4,"
                         " $5, $6, $7, $8::timestamptz) ON CONFLICT DO NOTHING RETURNING source_id",
                         row);
  SqlParams const params{id, identity.name, source.created_at};
  auto const there = exec(tx,
                          "SELECT FROM affsync.source WHERE source_id = $1::int AND name = $2"
                          " AND created_at = $3::timestamptz",
                          params);
  if (there.empty()) throw replaced(identity.name);
  if (!made.empty()) give_no_number_up_to(tx, source.source_id);
  ArrayText streams, tables, in_reports, paid;
  for (auto const& stream : registration.streams) {
    if (!stream.enabled) continue;
    streams.add(stream.stream);
    tables.add(stream.table);
    in_reports.add(std::string_view(stream.in_reports ? "true" : "false"));
    if (stream.has_paid_state) {
      paid.add(std::string_view(*stream.has_paid_state ? "true" : "false"));
    } else {
      paid.add(nullptr);
    }
  }
  SqlParams const all{id, streams.take(), tables.take(), in_reports.take(), paid.take()};
  exec(tx,
       "INSERT INTO affsync.stream (source_id, stream, record_table, in_reports, has_paid_state)"
       " SELECT $1::int, g.stream, nullif(g.record_table, ''), g.in_reports, g.paid"
       " FROM unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[])"
       " g (stream, record_table, in_reports, paid) ON CONFLICT DO NOTHING",
       all);
  tx.commit();
}

}  // namespace affsync::schema
