#include "daemon/cli/removal.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "schema/store/withdrawn.hpp"

namespace affsync::cli {
namespace {

// The tables that have rows by source, those that refer to others before them. Partitions are
// reached through their table. A name comes from the catalog and is quoted by it.
Result<std::vector<std::string>> tables_by_source(PlainConnection& connection) {
  auto const found = connection.rows(
      "SELECT quote_ident(c.relname),"
      " coalesce((SELECT string_agg(DISTINCT quote_ident(t.relname), ' ') FROM pg_constraint k"
      "   JOIN pg_class t ON t.oid = k.confrelid"
      "   WHERE k.conrelid = c.oid AND k.contype = 'f' AND t.oid <> c.oid), '')"
      " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
      " WHERE c.relnamespace = 'affsync'::regnamespace AND c.relkind IN ('r', 'p')"
      " AND NOT c.relispartition AND a.attname = 'source_id' AND NOT a.attisdropped"
      " AND c.relname <> 'source' ORDER BY 1");
  if (!found) return found.error();
  auto left = *found;
  std::vector<std::string> order;
  while (!left.empty()) {
    // A table that no other of the rest refers to.
    auto const free = std::ranges::find_if(left, [&](auto const& one) {
      return std::ranges::none_of(left, [&](auto const& other) {
        return (" " + other[1] + " ").find(" " + one[0] + " ") != std::string::npos;
      });
    });
    auto const next = free == left.end() ? left.begin() : free;
    order.push_back((*next)[0]);
    left.erase(next);
  }
  return order;
}

// What tells of the source without its number: messages about its alerts, also those that tell of
// other sources besides, and what was said of muting single ones of them. $1: the source, $2: its
// name; a condition cannot look it up, since Citus takes no table of the coordinator beside a
// copied one.
struct Telling {
  char const* table;
  char const* condition;
};
constexpr std::array<Telling, 2> rows_of_telling{
    Telling{"alert_message",
            "alert_ids && ARRAY(SELECT alert_id FROM affsync.alert WHERE source_id = $1::int)"
            " OR document @> jsonb_build_object('alerts', jsonb_build_array("
            "jsonb_build_object('source', $2::text)))"},
    Telling{"alert_mute",
            "alert_id IN (SELECT alert_id FROM affsync.alert WHERE source_id = $1::int)"
            " AND $2::text IS NOT NULL"}};

// Number and name of a source.
Result<std::vector<std::string>> told_by(PlainConnection& connection, std::int64_t source) {
  auto const id = std::to_string(source);
  auto const name =
      connection.run("SELECT name FROM affsync.source WHERE source_id = $1::int", {id});
  if (!name) return name.error();
  return std::vector<std::string>{id, *name};
}

// False in the database of an earlier version.
Result<bool> has_alerts(PlainConnection& connection) {
  auto const there = connection.run("SELECT to_regclass('affsync.alert_message')");
  if (!there) return there.error();
  return !there->empty();
}

// Takes what those who write take first, so that none of them has locked what is deleted later and
// waits for what was deleted before.
Result<void> lock_out_writers(PlainConnection& connection, std::vector<std::string> const& id,
                              bool alerts) {
  auto const by_source = " WHERE source_id = $1::int FOR UPDATE";
  std::pair<std::string, std::vector<std::string>> const locks[] = {
      // Of affsync.fold_earnings(), which adds up days.
      {"SELECT pg_advisory_xact_lock(5318008172902)", {}},
      // Of whoever judges alerts.
      {alerts ? "LOCK TABLE affsync.alert_rule IN SHARE ROW EXCLUSIVE MODE" : "SELECT 1", {}},
      // Of a run that begins.
      {std::string("SELECT 1 FROM affsync.source") + by_source, id},
      // Of each transaction of a run.
      {std::string("SELECT 1 FROM affsync.stream_state") + by_source, id}};
  for (auto const& [sql, parameters] : locks) {
    if (auto const done = connection.run(sql, parameters); !done) return done.error();
  }
  return {};
}

}  // namespace

Result<std::vector<SourceInDatabase>> sources_in(PlainConnection& connection) {
  auto const found = connection.rows(
      "SELECT source_id, name, connector, base_url, coalesce(retired_at::date::text, ''),"
      " array_to_string(instances, E'\\n') FROM affsync.source ORDER BY name");
  if (!found) return found.error();
  std::vector<SourceInDatabase> sources;
  for (auto const& row : *found) {
    SourceInDatabase source;
    source.id = std::stoll(row[0]);
    source.name = row[1];
    source.connector = row[2];
    source.base_url = row[3];
    source.retired_on = row[4];
    std::istringstream instances(row[5]);
    for (std::string one; std::getline(instances, one);) source.instances.push_back(one);
    sources.push_back(std::move(source));
  }
  return sources;
}

std::vector<WithdrawnInDatabase> withdrawn_in(PlainConnection& connection) {
  std::vector<WithdrawnInDatabase> all;
  auto const found = connection.rows(schema::withdrawn_sql(
      "SELECT source_id, stream FROM affsync.stream WHERE retired_at IS NOT NULL"));
  if (!found) return all;
  for (auto const& row : *found) {
    WithdrawnInDatabase one;
    one.source = std::stoll(row[0]);
    one.stream = row[1];
    one.rows = row[2];
    one.amounts = row[3];
    all.push_back(std::move(one));
  }
  return all;
}

std::optional<std::string> other_instance(SourceInDatabase const& source, std::string const& own) {
  auto const other =
      std::ranges::find_if(source.instances, [&](auto const& instance) { return instance != own; });
  if (other == source.instances.end()) return std::nullopt;
  return *other;
}

Result<bool> is_read_by_daemon(PlainConnection& connection, std::string const& source) {
  auto const there = connection.run("SELECT to_regclass('affsync.program')");
  if (!there) return there.error();
  if (there->empty()) return false;  // the database of an earlier version
  auto const reads = connection.run(
      "SELECT EXISTS (SELECT FROM affsync.program WHERE process <> '' AND ended_at IS NULL"
      " AND seen_at > now() - interval '5 minutes' AND $1::text = ANY (sources))",
      {source});
  if (!reads) return reads.error();
  return *reads == "t";
}

Result<std::vector<TableCount>> rows_of(PlainConnection& connection, std::int64_t source) {
  auto const tables = tables_by_source(connection);
  if (!tables) return tables.error();
  auto const alerts = has_alerts(connection);
  if (!alerts) return alerts.error();
  auto const told = told_by(connection, source);
  if (!told) return told.error();
  auto const id = std::vector<std::string>{std::to_string(source)};
  std::vector<TableCount> counts;
  auto count = [&](std::string const& table, std::string const& condition,
                   std::vector<std::string> const& parameters) -> Result<void> {
    auto const rows =
        connection.run("SELECT count(*) FROM affsync." + table + " WHERE " + condition, parameters);
    if (!rows) return rows.error();
    TableCount one;
    one.table = table;
    one.rows = std::stoll(*rows);
    counts.push_back(std::move(one));
    return {};
  };
  for (auto const& table : *tables) {
    if (auto const done = count(table, "source_id = $1::int", id); !done) return done.error();
  }
  for (auto const& [table, condition] : rows_of_telling) {
    if (!*alerts) break;
    if (auto const done = count(table, condition, *told); !done) return done.error();
  }
  return counts;
}

Result<void> retire(PlainConnection& connection, std::int64_t source) {
  // Citus takes no now() within COALESCE.
  for (auto const* statement :
       {"UPDATE affsync.source SET retired_at = now() WHERE source_id = $1::int AND retired_at IS "
        "NULL",
        "UPDATE affsync.source SET instances = '{}' WHERE source_id = $1::int"}) {
    auto const done = connection.run(statement, {std::to_string(source)});
    if (!done) return done.error();
  }
  return {};
}

Result<void> erase(PlainConnection& connection, std::int64_t source) {
  auto tables = tables_by_source(connection);
  if (!tables) return tables.error();
  auto const alerts = has_alerts(connection);
  if (!alerts) return alerts.error();
  std::erase(*tables, stays_when_erased);
  auto const id = std::vector<std::string>{std::to_string(source)};
  auto work = [&]() -> Result<void> {
    for (auto const* sql :
         {"BEGIN", "SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = '30s'"}) {
      if (auto const done = connection.run(sql); !done) return done.error();
    }
    if (auto const done = lock_out_writers(connection, id, *alerts); !done) return done.error();
    auto const told = told_by(connection, source);
    if (!told) return told.error();
    for (auto const& [table, condition] : rows_of_telling) {
      if (!*alerts) break;
      auto const done = connection.run(
          "DELETE FROM affsync." + std::string(table) + " WHERE " + condition, *told);
      if (!done) return done.error();
    }
    // Twice, since triggers note what is deleted (affsync.earned_mark).
    for (int pass = 1; pass <= 2; ++pass) {
      for (auto const& table : *tables) {
        auto const done =
            connection.run("DELETE FROM affsync." + table + " WHERE source_id = $1::int", id);
        if (!done) return done.error();
      }
    }
    auto const kept = connection.run("UPDATE affsync." + std::string(stays_when_erased) +
                                         " SET source_id = $2::int WHERE source_id = $1::int",
                                     {id[0], std::to_string(number_when_erased(source))});
    if (!kept) return kept.error();
    auto const gone = connection.run("DELETE FROM affsync.source WHERE source_id = $1::int", id);
    if (!gone) return gone.error();
    auto const committed = connection.run("COMMIT");
    if (!committed) return committed.error();
    return {};
  };
  auto result = work();
  if (!result) (void)connection.run("ROLLBACK");
  return result;
}

}  // namespace affsync::cli
