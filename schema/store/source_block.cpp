#include "schema/store/source_block.hpp"

#include "base/batch.hpp"
#include "base/utf8.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

bool has_table(pqxx::transaction_base& tx, char const* name) {
  SqlParams const params{name};
  return !exec(tx, "SELECT to_regclass($1)", params)[0][0].is_null();
}

// Negative, so that no registered source has it.
int number_of_unregistered(BlockKey const& key) {
  auto text = key.connector + '\n' + key.base_url + '\n' + key.account;
  if (key.of_trial) text += "\ntrial\n" + key.name;
  auto const hash = static_cast<std::uint32_t>(hash_key(text)) & 0x7fffffffU;
  return -1 - static_cast<int>(hash & 0x7ffffffeU);
}

int number_of(pqxx::transaction_base& tx, BlockKey key) {
  key.of_trial = false;
  if (key.source_id != 0) return key.source_id;
  if (!has_table(tx, "affsync.source")) return number_of_unregistered(key);
  SqlParams const params{key.name};
  auto const rows = exec(tx, "SELECT source_id FROM affsync.source WHERE name = $1", params);
  return rows.empty() ? number_of_unregistered(key) : static_cast<int>(int_of(rows[0][0]));
}

// Returns all numbers that a block may have: the source may have been blocked before it was
// registered.
SqlParams possible_numbers(pqxx::transaction_base& tx, BlockKey const& key) {
  auto unregistered = key;
  unregistered.of_trial = false;
  return {std::to_string(number_of(tx, key)), std::to_string(number_of_unregistered(unregistered)),
          std::to_string(number_of_unregistered(key))};
}

std::string const block_columns =
    "code, reason, " + epoch_sql("since") + ", " + epoch_sql("until") +
    ", (extract(epoch FROM until - clock_timestamp()) * 1000000)::bigint, refusals,"
    " credential_hash";

SourceBlock block_of(pqxx::row const& row) {
  SourceBlock block;
  block.code = text_of(row[0]).value_or("");
  block.reason = text_of(row[1]).value_or("");
  block.since = time_of(row[2]).value_or(TimePoint());
  block.until = time_of(row[3]).value_or(TimePoint());
  block.remaining = Duration(int_of(row[4]));
  block.refusals = static_cast<int>(int_of(row[5]));
  block.credential_hash = text_of(row[6]).value_or("");
  return block;
}

}  // namespace

int block_number(PgSession& session, BlockKey const& key) {
  Transaction tx(session, Transaction::Kind::statements);
  return number_of(tx, key);
}

BlockState read_block(PgSession& session, BlockKey const& key) {
  Transaction tx(session, Transaction::Kind::statements);
  BlockState state;
  SqlParams const none;
  state.now = time_of(exec(tx, "SELECT " + epoch_sql("clock_timestamp()"), none)[0][0]);
  // A registered source has the schema.
  if (key.source_id == 0 && !has_table(tx, "affsync.source_block")) return state;
  auto const numbers = possible_numbers(tx, key);
  auto const rows = exec(tx,
                         "SELECT " + block_columns +
                             " FROM affsync.source_block"
                             " WHERE source_id IN ($1::int, $2::int, $3::int)"
                             " ORDER BY until DESC LIMIT 1",
                         numbers);
  if (!rows.empty()) state.block = block_of(rows[0]);
  SqlParams const source{numbers[0]};
  state.worked_before = exec(tx,
                             "SELECT EXISTS (SELECT FROM affsync.stream_state WHERE source_id ="
                             " $1::int AND (last_success_at IS NOT NULL OR live_rows > 0))",
                             source)[0][0]
                            .as<bool>();
  return state;
}

std::optional<SourceBlock> write_block(PgSession& session, BlockKey const& key,
                                       SourceBlock const& block, Duration pause, bool goes_on) {
  Transaction tx(session);
  if (!has_table(tx, "affsync.source_block")) return std::nullopt;
  auto const number = key.of_trial ? number_of_unregistered(key) : number_of(tx, key);
  SqlParams const params{std::to_string(number),         block.code,
                         printable_utf8(block.reason),   std::to_string(pause.count()),
                         std::to_string(block.refusals), block.credential_hash,
                         goes_on ? "true" : "false"};
  exec(tx,
       "INSERT INTO affsync.source_block AS b"
       " (source_id, code, reason, since, until, refusals, credential_hash)"
       " VALUES ($1::int, $2, $3, clock_timestamp(),"
       " clock_timestamp() + $4::bigint * interval '1 microsecond', $5::int, $6)"
       " ON CONFLICT (source_id) DO UPDATE SET code = excluded.code, reason = excluded.reason,"
       " since = CASE WHEN $7::boolean THEN b.since ELSE excluded.since END,"
       " until = excluded.until, refusals = excluded.refusals,"
       " credential_hash = excluded.credential_hash",
       params);
  // Not by RETURNING: Citus computes nothing there that depends on a setting or the time.
  SqlParams const stored_one{params[0]};
  auto const rows =
      exec(tx, "SELECT " + block_columns + " FROM affsync.source_block WHERE source_id = $1::int",
           stored_one);
  auto stored = block_of(rows[0]);
  tx.commit();
  return stored;
}

void remove_block(PgSession& session, BlockKey const& key) {
  Transaction tx(session);
  if (!has_table(tx, "affsync.source_block")) return;
  exec(tx, "DELETE FROM affsync.source_block WHERE source_id IN ($1::int, $2::int, $3::int)",
       possible_numbers(tx, key));
  tx.commit();
}

std::vector<int> lift_blocks(PgSession& session, std::vector<BlockKey> const& keys) {
  ArrayText registered, others;
  for (auto const& key : keys) {
    registered.add(std::to_string(key.source_id));
    others.add(std::to_string(number_of_unregistered(key)));
  }
  Transaction tx(session);
  // With the time, since Citus takes no clock in an UPDATE.
  auto const there =
      exec(tx, "SELECT to_regclass('affsync.source_block'), clock_timestamp()", {})[0];
  if (there[0].is_null()) return {};
  SqlParams const sources{registered.take()};
  exec(tx,
       "DELETE FROM affsync.source_block WHERE source_id = ANY ($1::int[]) AND code = 'throttled'",
       sources);
  SqlParams const trials{others.take()};
  exec(tx, "DELETE FROM affsync.source_block WHERE source_id = ANY ($1::int[])", trials);
  // Whether the login works now is not known yet: the row stays, of no credentials, until a login
  // is accepted.
  std::vector<int> lifted;
  ArrayText list;
  SqlParams const until_now{sources[0], text_of(there[1])};
  for (auto const& row : exec(tx,
                              "UPDATE affsync.source_block SET credential_hash = '',"
                              " until = least(until, $2::timestamptz)"
                              " WHERE source_id = ANY ($1::int[]) RETURNING source_id",
                              until_now)) {
    lifted.push_back(static_cast<int>(int_of(row[0])));
    list.add(std::to_string(lifted.back()));
  }
  if (!lifted.empty()) {
    SqlParams const again{list.take()};
    exec(tx, "UPDATE affsync.stream_state SET next_run_at = NULL WHERE source_id = ANY ($1::int[])",
         again);
  }
  tx.commit();
  return lifted;
}

}  // namespace affsync::schema
