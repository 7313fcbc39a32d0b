#include "schema/store/registration.hpp"

#include <algorithm>

#include "base/crash_point.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

std::vector<KnownSource> read_sources(pqxx::transaction_base& tx, Program const& program) {
  std::vector<KnownSource> all;
  SqlParams const params{program.instance, program.process, program.release};
  for (auto const& row :
       exec(tx,
            "WITH read AS MATERIALIZED (SELECT DISTINCT z.source_id FROM affsync.stream_state z"
            " WHERE z.live_rows > 0 OR z.last_success_at IS NOT NULL)"
            " SELECT source_id, name, connector, base_url, account, hash_salt, privacy,"
            " retired_at IS NOT NULL,"
            " EXISTS (SELECT FROM read WHERE read.source_id = s.source_id), " +
                others_name_sql("s.name", 1, 2, " AND p.instance <> $1::text") + ", " +
                others_name_sql("s.name", 1, 2, " AND p.release > $3::int[]") +
                ", learned_requests_per_second, learned_from_answers,"
                " coalesce(learned_waits_are_told, false), created_at, " +
                claimed_by_others_sql(1) + " FROM affsync.source s ORDER BY source_id",
            params)) {
    KnownSource source;
    source.source_id = row[0].as<int>();
    source.name = row[1].c_str();
    source.connector = row[2].c_str();
    source.base_url = row[3].c_str();
    source.account = text_of(row[4]);
    source.hash_salt = text_of(row[5]);
    source.privacy = text_of(row[6]);
    source.retired = row[7].as<bool>();
    source.read = row[8].as<bool>();
    source.held = row[9].as<bool>();
    source.newer = row[10].as<bool>();
    if (!row[11].is_null() && !row[12].is_null()) {
      source.learned_rate =
          LearnedRate{row[11].as<double>(), row[12].as<double>(), row[13].as<bool>()};
    }
    source.created_at = row[14].c_str();
    source.shared = row[15].as<bool>();
    all.push_back(std::move(source));
  }
  return all;
}

// Collects columns of sources or streams as arrays, one parameter for each column.
class Columns {
 public:
  explicit Columns(std::size_t count) : arrays_(count) {}
  void add(std::vector<std::string> const& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) arrays_[i].add(cells[i]);
  }
  SqlParams take() {
    SqlParams params;
    for (auto& array : arrays_) params.emplace_back(array.take());
    return params;
  }

 private:
  std::vector<ArrayText> arrays_;
};

constexpr auto given_sources =
    "(SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],"
    " $7::text[]) g (source_id, name, connector, base_url, account, hash_salt, privacy)) g";

std::vector<std::string> cells_of(int source_id, SourceRegistration const& source) {
  auto const& identity = source.identity;
  return {std::to_string(source_id), identity.name,    identity.connector, identity.base_url,
          identity.account,          source.hash_salt, source.privacy};
}

void write_sources(pqxx::transaction_base& tx, std::vector<SourceRegistration> const& wanted,
                   std::vector<SourceDecision> const& decisions) {
  Columns changed(7), made(7);
  bool any_changed = false, any_made = false, any_renamed = false;
  ArrayText read_again;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto const& decision = decisions[i];
    if (!decision.source_id) {
      made.add(cells_of(0, wanted[i]));
      any_made = true;
    } else if (decision.changed) {
      changed.add(cells_of(*decision.source_id, wanted[i]));
      any_changed = true;
      any_renamed = any_renamed || decision.old_name;
      if (decision.other_privacy || decision.moved) {
        read_again.add(std::to_string(*decision.source_id));
      }
    }
  }
  if (any_changed) {
    auto const params = changed.take();
    if (any_renamed) {
      // Two sources may swap names, and names must be unique at every step.
      SqlParams const ids{params[0], params[1]};
      exec(tx,
           "UPDATE affsync.source s SET name = 'renamed ' || s.source_id"
           " FROM unnest($1::int[], $2::text[]) g (source_id, name)"
           " WHERE s.source_id = g.source_id AND s.name <> g.name",
           ids);
    }
    exec(tx,
         "UPDATE affsync.source s SET name = g.name, connector = g.connector,"
         " base_url = g.base_url, account = g.account,"
         " hash_salt = coalesce(s.hash_salt, g.hash_salt),"
         " privacy = coalesce(nullif(g.privacy, ''), s.privacy), retired_at = NULL,"
         // Another address may have another limit.
         " learned_requests_per_second = CASE WHEN s.base_url = g.base_url"
         " THEN s.learned_requests_per_second END FROM " +
             std::string(given_sources) + " WHERE s.source_id = g.source_id",
         params);
    SqlParams const again{read_again.take()};
    exec(tx,
         "UPDATE affsync.stream_state SET full_wanted_after = coalesce(run_id, 0)"
         " WHERE source_id = ANY ($1::int[])",
         again);
  }
  if (any_made) {
    exec(tx,
         "INSERT INTO affsync.source (name, connector, base_url, account, hash_salt, privacy)"
         " SELECT g.name, g.connector, g.base_url, g.account, g.hash_salt, nullif(g.privacy, '')"
         " FROM " +
             std::string(given_sources),
         made.take());
  }
}

// Whether a word of `keys` is another, of `s` before and `g` now. What is not known is none.
std::string other_word(int number) {
  auto const word = [&](std::string const& of) {
    return "split_part(" + of + ".keys, ' ', " + std::to_string(number) + ")";
  };
  return "coalesce(" + word("s") + " NOT IN ('', '-', " + word("g") + ") AND " + word("g") +
         " NOT IN ('', '-'), false)";
}

std::string keys_text(StreamRegistration const& stream) {
  if (stream.keys.empty()) return "";
  return stream.keys + ' ' + stream.taken + ' ' + stream.hidden + ' ' + stream.cut;
}

// Returns "true", "false", or "" if unknown.
std::string paid_text(StreamRegistration const& stream) {
  if (!stream.has_paid_state) return "";
  return *stream.has_paid_state ? "true" : "false";
}

// `newer`: sources that a daemon of a newer version reads. Its connector decides which feeds there
// are and how they are mapped; of these sources only feeds that it does not know are added.
void write_streams(pqxx::transaction_base& tx, std::string const& instance,
                   std::vector<SourceRegistration> const& wanted,
                   std::vector<SourceRegistered>& registered, std::set<int> const& newer) {
  Columns streams(9);
  ArrayText sources;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto const id = std::to_string(registered[i].source_id);
    bool const follows = newer.contains(registered[i].source_id);
    if (!follows) sources.add(id);
    for (auto const& stream : wanted[i].streams) {
      streams.add({id, stream.stream, stream.table, stream.in_reports ? "true" : "false",
                   stream.enabled ? "true" : "false", paid_text(stream), stream.mapping,
                   follows ? "true" : "false", keys_text(stream)});
    }
  }
  // Another privacy setting, or a field that is personal from now on, makes other keys of the same
  // mapping.
  auto const other_hidden = other_word(3);
  auto const other_keys = "(" + other_word(1) + " OR " + other_hidden + ")";
  auto const other_cut = other_word(4);
  // A version that did not note it has stored the rows by some other one.
  std::string const other_mapping = "coalesce(s.mapping, '') <> g.mapping";
  auto params = streams.take();
  params.emplace_back(instance);
  params.emplace_back(sources.take());
  auto const read_again = exec(
      tx,
      "WITH g AS MATERIALIZED (SELECT source_id, stream, nullif(record_table, '') AS record_table,"
      " in_reports, enabled, nullif(paid, '')::boolean AS has_paid_state,"
      " nullif(mapping, '') AS mapping, follows, nullif(keys, '') AS keys"
      " FROM unnest($1::int[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::text[],"
      " $7::text[], $8::boolean[], $9::text[])"
      " g (source_id, stream, record_table, in_reports, enabled, paid, mapping, follows, keys)),"
      // Before the streams are written: `s` has what was there. Citus carries out one part after
      // the other, and each finds what those before it have changed.
      " leaving AS MATERIALIZED (SELECT s.source_id, s.stream FROM affsync.stream s"
      " WHERE s.source_id = ANY ($11::int[]) AND s.retired_at IS NULL AND s.in_reports),"
      " again AS (UPDATE affsync.stream_state z SET full_wanted_after = coalesce(z.run_id, 0),"
      " rekeyed_since = CASE WHEN " +
          other_keys +
          " THEN coalesce(z.rekeyed_since, z.run_id) ELSE z.rekeyed_since END,"
          " rekeyed_after = CASE WHEN " +
          other_keys +
          " THEN z.run_id ELSE z.rekeyed_after END,"
          " retaken_after = CASE WHEN " +
          other_word(2) + " THEN z.run_id ELSE z.retaken_after END, recut_after = CASE WHEN " +
          other_cut +
          " THEN z.run_id ELSE z.recut_after END,"
          // What makes the keys names the tables too.
          " unmade_after = CASE WHEN s.mapping <> g.mapping AND (s.keys IS NULL OR " +
          other_word(1) +
          ") THEN coalesce(z.run_id, 0) ELSE z.unmade_after END"
          " FROM affsync.stream s, g WHERE z.source_id = g.source_id AND z.stream = g.stream"
          " AND s.source_id = g.source_id AND s.stream = g.stream AND (" +
          other_mapping + " OR " + other_hidden + " OR " + other_cut +
          ") AND NOT g.follows RETURNING z.source_id, z.stream,"
          " coalesce(" +
          other_mapping + ", false) AS other_mapping, " + other_keys + " AS other_keys, " +
          other_cut +
          " AS other_cut),"
          // A disabled stream gets no row until it has been read once.
          " made AS (INSERT INTO affsync.stream (source_id, stream, record_table, in_reports,"
          " has_paid_state, mapping, keys, instances) SELECT source_id, stream, record_table,"
          " in_reports, has_paid_state, mapping, keys, ARRAY[$10::text] FROM g"
          " WHERE enabled ON CONFLICT (source_id, stream) DO NOTHING),"
          " changed AS (UPDATE affsync.stream s"
          " SET record_table = coalesce(g.record_table, s.record_table), in_reports = g.in_reports,"
          " has_paid_state = g.has_paid_state, mapping = coalesce(g.mapping, s.mapping),"
          " keys = coalesce(g.keys, s.keys),"
          " retired_at = NULL, instances = CASE WHEN $10 = ANY (s.instances) THEN s.instances"
          " ELSE s.instances || $10::text END FROM g"
          " WHERE s.source_id = g.source_id AND s.stream = g.stream AND NOT g.follows"
          " AND (s.record_table IS DISTINCT FROM coalesce(g.record_table, s.record_table)"
          " OR s.in_reports <> g.in_reports OR s.retired_at IS NOT NULL"
          " OR s.has_paid_state IS DISTINCT FROM g.has_paid_state"
          " OR s.mapping IS DISTINCT FROM coalesce(g.mapping, s.mapping)"
          " OR s.keys IS DISTINCT FROM coalesce(g.keys, s.keys)"
          " OR $10 <> ALL (s.instances))),"
          " retired AS (UPDATE affsync.stream s SET retired_at = now(), in_reports = false,"
          " instances = array_remove(s.instances, $10::text)"
          " WHERE s.source_id = ANY ($11::int[]) AND s.retired_at IS NULL"
          " AND (s.instances = '{}' OR $10 = ANY (s.instances))"
          " AND NOT EXISTS (SELECT FROM g WHERE g.source_id = s.source_id AND g.stream = s.stream)"
          " RETURNING s.source_id, s.stream)"
          " SELECT source_id, stream, other_mapping, other_keys, other_cut, false FROM again"
          " UNION ALL SELECT source_id, stream, false, false, false, true FROM retired"
          " JOIN leaving USING (source_id, stream)",
      params);
  for (auto const& row : read_again) {
    auto const one = std::ranges::find(registered, row[0].as<int>(), &SourceRegistered::source_id);
    if (one == registered.end()) continue;
    if (row[2].as<bool>()) one->other_mapping.emplace_back(row[1].c_str());
    if (row[3].as<bool>()) one->other_keys.emplace_back(row[1].c_str());
    if (row[4].as<bool>()) one->other_cut.emplace_back(row[1].c_str());
    if (row[5].as<bool>()) one->withdrawn.emplace_back(row[1].c_str());
  }
}

void read_times(pqxx::transaction_base& tx, std::vector<SourceRegistered>& registered) {
  ArrayText sources;
  std::map<int, SourceRegistered*> by_id;
  for (auto& one : registered) {
    sources.add(std::to_string(one.source_id));
    by_id[one.source_id] = &one;
  }
  SqlParams const params{sources.take()};
  for (auto const& row :
       exec(tx,
            "SELECT source_id, stream, " + epoch_sql("last_success_at") + ", " +
                epoch_sql("next_run_at") +
                ", running FROM affsync.stream_state WHERE source_id = ANY ($1::int[])",
            params)) {
    auto& times = by_id.at(row[0].as<int>())->times.emplace_back();
    times.stream = row[1].c_str();
    times.last_success_at = time_of(row[2]);
    times.next_run_at = time_of(row[3]);
    times.running = row[4].as<bool>();
  }
}

}  // namespace

Registered register_all(PgSession& session, Program const& program,
                        std::vector<SourceRegistration> const& wanted,
                        std::vector<std::string> const& configured) {
  std::set<std::string> const names(configured.begin(), configured.end());
  Transaction tx(session);
  // Citus writes what every server has a copy of only if all before went over one connection to
  // each. To a server without Citus it is a setting that nobody reads.
  tx.exec("SET LOCAL citus.multi_shard_modify_mode = 'sequential'");
  auto decisions = decide_sources(read_sources(tx, program), wanted, names);
  auto const to_write = [](SourceDecision const& one) { return !one.source_id || one.changed; };
  // Sources come before their streams, in whatever transaction.
  if (std::ranges::any_of(decisions, to_write)) {
    // Two instances that start at the same time must not both take over a row.
    tx.exec("LOCK TABLE affsync.source IN SHARE ROW EXCLUSIVE MODE");
    decisions = decide_sources(read_sources(tx, program), wanted, names);
    write_sources(tx, wanted, decisions);
  }
  // A command that reads all sources says which ones there are, as a daemon does.
  bool const names_all = program.process.empty() && wanted.size() == configured.size();
  lock_sources(tx, program, configured, names_all);
  std::map<std::string, KnownSource> rows;
  for (auto& row : read_sources(tx, program)) rows[row.name] = row;
  Registered all;
  auto& registered = all.sources;
  std::set<int> newer;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto const& row = rows.at(wanted[i].identity.name);
    SourceRegistered one;
    one.source_id = row.source_id;
    one.old_name = decisions[i].old_name;
    one.hash_salt = row.hash_salt.value_or(wanted[i].hash_salt);
    one.renewed_key = decisions[i].renewed_key;
    if (!decisions[i].source_id) one.read_as = decisions[i].read_as;
    one.resembles = decisions[i].resembles;
    if (row.newer) newer.insert(row.source_id);
    one.shared = row.shared;
    one.moved = decisions[i].moved;
    one.other_privacy = decisions[i].other_privacy;
    one.learned_rate = row.learned_rate;
    RegisteredSource known;
    known.source_id = row.source_id;
    known.registration = wanted[i];
    known.registration.hash_salt = one.hash_salt;
    one.created_at = known.created_at = row.created_at;
    all.known.push_back(std::move(known));
    registered.push_back(std::move(one));
  }
  write_streams(tx, program.instance, wanted, registered, newer);
  bool const gives_up = names_all && !is_shared_by_commands(tx, program, configured);
  note_program(tx, program, configured);
  if (gives_up) give_up_others(tx, program, configured);
  read_times(tx, registered);
  crash_point(CrashPoint::source_registering);
  tx.commit();
  return all;
}

}  // namespace affsync::schema
