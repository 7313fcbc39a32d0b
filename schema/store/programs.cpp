#include "schema/store/programs.hpp"

#include <charconv>

#include "schema/store/migrate.hpp"
#include "schema/store/transaction.hpp"
#include "version_info.hpp"

namespace affsync::schema {
namespace {

// A configuration that only commands use counts for so long after its latest command: a weekly
// `sync` keeps its sources, a file that was moved away gives them up.
constexpr auto since_command = "interval '8 days'";
constexpr auto alive_since = "interval '5 minutes'";

// "0.1.0" and 45 -> "{0,1,0,45}". What is no number, as in "0.2.0-rc1", is left out.
std::string release_of(std::string const& version, int migration) {
  std::string text = "{";
  for (std::size_t at = 0; at < version.size();) {
    auto const dot = std::min(version.find('.', at), version.size());
    int number = 0;
    std::from_chars(version.data() + at, version.data() + dot, number);
    text += std::to_string(number) + ",";
    at = dot + 1;
  }
  return text + std::to_string(migration) + "}";
}

struct TroubleColumns {
  std::optional<std::string> error, failed_at, restart;
};

TroubleColumns columns_of(DaemonTroubles const& troubles) {
  TroubleColumns columns;
  if (!troubles.reload_error.empty()) columns.error = troubles.reload_error;
  columns.failed_at = sql_time(troubles.reload_failed_at);
  if (troubles.needs_restart.empty()) return columns;
  ArrayText settings;
  for (auto const& setting : troubles.needs_restart) settings.add(setting);
  columns.restart = settings.take();
  return columns;
}

}  // namespace

Program this_program(StoreOptions const& options, std::string process) {
  Program program;
  program.instance = options.instance;
  program.process = std::move(process);
  program.version = options.version.empty() ? AFFSYNC_VERSION : options.version;
  program.release = release_of(program.version, newest_migration());
  return program;
}

std::string claimed_by_others_sql(int mine) {
  auto const me = "$" + std::to_string(mine);
  return std::string("EXISTS (SELECT FROM unnest(s.instances) i WHERE i <> ") + me +
         " AND (NOT EXISTS (SELECT FROM affsync.program p WHERE p.instance = i)"
         " OR EXISTS (SELECT FROM affsync.program p WHERE p.instance = i"
         " AND (p.process <> '' OR p.seen_at > now() - " +
         since_command + "))))";
}

std::string others_name_sql(std::string const& name, int instance, int process,
                            std::string const& more) {
  auto const parameter = [](int number) { return "$" + std::to_string(number) + "::text"; };
  return "EXISTS (SELECT FROM affsync.program p WHERE p.process <> '' AND p.ended_at IS NULL"
         " AND p.seen_at > now() - " +
         std::string(alive_since) + " AND (p.instance, p.process) <> (" + parameter(instance) +
         ", " + parameter(process) + ")" + more + " AND " + name + " = ANY (p.sources))";
}

void lock_sources(pqxx::transaction_base& tx, Program const& program,
                  std::vector<std::string> const& names, bool others) {
  ArrayText mine;
  for (auto const& name : names) mine.add(name);
  // First as a table: whoever adds a source lets no other change one until it is done.
  tx.exec("LOCK TABLE affsync.source IN ROW EXCLUSIVE MODE");
  SqlParams const params{program.instance, mine.take(), others ? "true" : "false"};
  exec(tx,
       "SELECT FROM affsync.source WHERE CASE WHEN name = ANY ($2::text[])"
       " THEN $1 <> ALL (instances) OR retired_at IS NOT NULL"
       " ELSE $3::boolean AND (retired_at IS NULL OR $1 = ANY (instances)) END"
       " ORDER BY source_id FOR NO KEY UPDATE",
       params);
}

void note_program(pqxx::transaction_base& tx, Program const& program,
                  std::vector<std::string> const& names) {
  ArrayText sources;
  for (auto const& name : names) sources.add(name);
  auto const [error, failed_at, restart] = columns_of(program.troubles);
  SqlParams const params{program.instance, program.process, program.version, program.release,
                         sources.take(),   error,           failed_at,       restart};
  exec(tx,
       "INSERT INTO affsync.program AS p (instance, process, version, release, sources, started_at,"
       " seen_at, reload_error, reload_failed_at, needs_restart)"
       " VALUES ($1, $2, $3, $4::int[], $5::text[], now(), now(), $6, $7::timestamptz, $8::text[])"
       " ON CONFLICT (instance, process) DO UPDATE SET version = excluded.version,"
       " release = excluded.release, sources = excluded.sources, seen_at = now(), ended_at = NULL,"
       " reload_error = excluded.reload_error, reload_failed_at = excluded.reload_failed_at,"
       " needs_restart = excluded.needs_restart",
       params);
  SqlParams const claim{program.instance, params[4]};
  exec(tx,
       "UPDATE affsync.source SET retired_at = NULL, instances = CASE WHEN $1 = ANY (instances)"
       " THEN instances ELSE instances || $1::text END WHERE name = ANY ($2::text[])"
       " AND ($1 <> ALL (instances) OR retired_at IS NOT NULL)",
       claim);
}

bool is_shared_by_commands(pqxx::transaction_base& tx, Program const& program,
                           std::vector<std::string> const& names) {
  ArrayText mine;
  for (auto const& name : names) mine.add(name);
  SqlParams const params{program.instance, mine.take()};
  return exec(tx,
              "SELECT NOT EXISTS (SELECT FROM affsync.program p WHERE p.instance = $1"
              " AND p.process = '' AND p.sources @> $2::text[])",
              params)[0][0]
      .as<bool>();
}

void give_up_others(pqxx::transaction_base& tx, Program const& program,
                    std::vector<std::string> const& names) {
  ArrayText kept;
  for (auto const& name : names) kept.add(name);
  auto const kept_names = kept.take();
  // Two containers may have one name: what another running daemon of this name reads stays its own.
  auto const same_name = others_name_sql("s.name", 1, 2, " AND p.instance = $1::text");
  auto const kept_by_others =
      "(" + claimed_by_others_sql(1) + " OR " + others_name_sql("s.name", 1, 2) + ")";
  SqlParams const params{program.instance, program.process, kept_names};
  ArrayText given_up, retired;
  bool any = false;
  for (auto const& row : exec(tx,
                              "SELECT s.source_id, $1 = ANY (s.instances) AND NOT " + same_name +
                                  ", s.retired_at IS NULL AND NOT " + kept_by_others +
                                  " FROM affsync.source s WHERE s.name <> ALL ($3::text[])"
                                  " AND (s.retired_at IS NULL OR $1 = ANY (s.instances))",
                              params)) {
    std::string_view const id = row[0].c_str();
    bool const was_mine = row[1].as<bool>(), is_nobodys = row[2].as<bool>();
    if (was_mine) given_up.add(id);
    if (is_nobodys) retired.add(id);
    any = any || was_mine || is_nobodys;
  }
  if (any) {
    SqlParams const give_up{program.instance, given_up.take()};
    exec(tx,
         "UPDATE affsync.source SET instances = array_remove(instances, $1::text)"
         " WHERE source_id = ANY ($2::int[])",
         give_up);
    SqlParams const retire{retired.take()};
    exec(tx, "UPDATE affsync.source SET retired_at = now() WHERE source_id = ANY ($1::int[])",
         retire);
  }
}

void claim_sources(PgSession& session, Program const& program,
                   std::vector<std::string> const& names) {
  Transaction tx(session);
  lock_sources(tx, program, names, true);
  note_program(tx, program, names);
  SqlParams const mine{program.instance, program.process};
  exec(tx,
       "DELETE FROM affsync.program WHERE instance = $1 AND process NOT IN ('', $2)"
       " AND (ended_at IS NOT NULL OR seen_at < now() - interval '1 day')",
       mine);
  if (!names.empty()) give_up_others(tx, program, names);
  tx.commit();
}

void note_troubles(PgSession& session, Program const& program) {
  auto const [error, failed_at, restart] = columns_of(program.troubles);
  Transaction tx(session, Transaction::Kind::statements);
  SqlParams const params{program.instance, program.process, error, failed_at, restart};
  exec(tx,
       "UPDATE affsync.program SET reload_error = $3, reload_failed_at = $4::timestamptz,"
       " needs_restart = $5::text[] WHERE instance = $1 AND process = $2",
       params);
  tx.commit();
}

void note_end(PgSession& session, Program const& program) {
  Transaction tx(session, Transaction::Kind::statements);
  SqlParams const params{program.instance, program.process};
  exec(tx, "UPDATE affsync.program SET ended_at = now() WHERE instance = $1 AND process = $2",
       params);
  tx.commit();
}

}  // namespace affsync::schema
