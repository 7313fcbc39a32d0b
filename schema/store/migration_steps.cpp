#include "schema/store/migration_steps.hpp"

#include <set>
#include <vector>

#include "schema/store/rights.hpp"
#include "schema/store/sql_statements.hpp"

namespace affsync::schema {
namespace {

// An existing right on a view or one of its columns; `view` is "reporting.name".
struct Right {
  std::string view, column, statement;
};

constexpr auto rights_sql = R"sql(
SELECT 'reporting.' || c.relname, '', format('%s ON reporting.%I', x.privilege_type, c.relname),
       CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
       x.is_grantable
FROM pg_class c
CROSS JOIN LATERAL aclexplode(c.relacl) x
WHERE c.relnamespace = 'reporting'::regnamespace AND c.relkind = 'v' AND x.grantee <> c.relowner
UNION ALL
SELECT 'reporting.' || c.relname, a.attname,
       format('%s (%I) ON reporting.%I', x.privilege_type, a.attname, c.relname),
       CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
       x.is_grantable
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
CROSS JOIN LATERAL aclexplode(a.attacl) x
WHERE c.relnamespace = 'reporting'::regnamespace AND c.relkind = 'v' AND x.grantee <> c.relowner
)sql";

std::vector<Right> read_rights(pqxx::transaction_base& tx, bool to_grant) {
  std::vector<Right> all;
  for (auto const& row : tx.exec(rights_sql)) {
    std::string const what = row[2].c_str(), role = row[3].c_str();
    bool const further = to_grant && row[4].as<bool>();
    all.push_back({row[0].c_str(), row[1].c_str(),
                   (to_grant ? "GRANT " + what + " TO " : "REVOKE " + what + " FROM ") + role +
                       (further ? " WITH GRANT OPTION" : "")});
  }
  return all;
}

std::set<std::string> columns_of_views(pqxx::transaction_base& tx) {
  std::set<std::string> all;
  for (auto const& row :
       tx.exec("SELECT 'reporting.' || c.relname, a.attname FROM pg_class c"
               " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
               " WHERE c.relnamespace = 'reporting'::regnamespace AND c.relkind = 'v'")) {
    all.insert(row[0].c_str());
    all.insert(std::string(row[0].c_str()) + "." + row[1].c_str());
  }
  return all;
}

// Functions that run with their owner's rights and that anybody may call: none but the two that
// views are made from, which are no triggers and carry out nothing of their caller's. Whoever may
// set another as a trigger on a temporary table can have the owner carry out a cast of their own.
constexpr auto open_functions =
    " FROM (SELECT * FROM pg_proc WHERE prosecdef AND pronamespace = 'affsync'::regnamespace"
    " AND proname NOT IN ('client_days', 'growth_pending')"
    " AND has_function_privilege('public', oid, 'EXECUTE')) p";
// Functions that views and rules call, and that a role may not execute: somebody has revoked what
// everybody may by default. make_months() is only for functions of the owner's.
constexpr auto closed_functions =
    " FROM (SELECT f.oid, f.proowner, r.rolname FROM pg_proc f CROSS JOIN pg_roles r"
    " WHERE f.pronamespace = 'affsync'::regnamespace"
    " AND r.rolname IN ('affsync_writer', 'affsync_reader')"
    " AND f.proname <> 'make_months' AND (NOT f.prosecdef OR f.proname IN ('client_days', "
    "'growth_pending'))"
    " AND NOT has_function_privilege(r.oid, f.oid, 'EXECUTE')) p";

}  // namespace

std::string view_of(EmbeddedFile const& file) {
  constexpr std::string_view words = "CREATE OR REPLACE VIEW ";
  auto const at = file.text.find(words);
  if (at == std::string_view::npos) return {};
  auto rest = file.text.substr(at + words.size());
  return std::string(rest.substr(0, rest.find_first_of(" \n(")));
}

void run_statements(pqxx::transaction_base& tx, std::string_view text, MigrationWatch& watch) {
  for (auto const& statement : sql_statements(text)) {
    watch.look();
    tx.exec(statement);
  }
}

void run_alone(pqxx::transaction_base& tx, std::string statement) {
  constexpr std::string_view word = " CONCURRENTLY";
  try {
    tx.exec(statement);
  } catch (pqxx::sql_error const& error) {
    // A table that the user has partitioned does not support CONCURRENTLY.
    auto const at = statement.find(word);
    if (sqlstate_of(error) != "0A000" || at == std::string::npos) throw;
    tx.exec(statement.erase(at, word.size()));
  }
}

void limit_views(pqxx::transaction_base& tx) {
  tx.exec(R"sql(
DO $$
DECLARE
  view_name text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    RETURN;
  END IF;
  FOR view_name IN SELECT c.relname FROM pg_class c WHERE c.relkind = 'v'
      AND c.relnamespace = 'affsync'::regnamespace AND pg_has_role(c.relowner, 'USAGE') LOOP
    EXECUTE format('REVOKE INSERT, UPDATE ON affsync.%I FROM affsync_writer', view_name);
  END LOOP;
END
$$)sql");
}

void make_views(pqxx::transaction_base& tx, std::span<EmbeddedFile const> views,
                MigrationWatch& watch) {
  auto const before = columns_of_views(tx);
  auto const rights = read_rights(tx, true);
  for (auto file = views.rbegin(); file != views.rend(); ++file) {
    watch.look();
    auto const view = view_of(*file);
    if (!view.empty()) tx.exec("DROP VIEW IF EXISTS " + view);
  }
  for (auto const& file : views) run_statements(tx, file.text, watch);
  // Default privileges may have granted rights that were revoked on a single view.
  for (auto const& right : read_rights(tx, false)) {
    if (before.contains(right.view)) tx.exec(right.statement);
  }
  auto const after = columns_of_views(tx);
  for (auto const& right : rights) {
    auto const what = right.column.empty() ? right.view : right.view + "." + right.column;
    if (after.contains(what)) tx.exec(right.statement);
  }
  limit_views(tx);
}

bool views_are_missing(pqxx::transaction_base& tx, std::span<EmbeddedFile const> views) {
  ArrayText names;
  for (auto const& file : views) {
    auto const view = view_of(file);
    if (!view.empty()) names.add(std::string_view(view));
  }
  SqlParams const params{names.take()};
  return exec(tx,
              "SELECT EXISTS (SELECT FROM unnest($1::text[]) v JOIN pg_namespace n ON n.nspname ="
              " split_part(v, '.', 1) WHERE to_regclass(v) IS NULL"
              " AND pg_has_role(n.nspowner, 'USAGE'))",
              params)[0][0]
      .as<bool>();
}

bool rights_are_missing(pqxx::transaction_base& tx) {
  auto const is_ours = [](std::string const& functions) {
    return "SELECT" + functions + " WHERE pg_has_role(p.proowner, 'USAGE')";
  };
  if (!tx.exec(is_ours(open_functions)).empty()) return true;
  if (!tx.exec(is_ours(closed_functions)).empty()) return true;
  return tx
      .exec(
          "SELECT EXISTS (SELECT FROM unnest(ARRAY['affsync_writer', 'affsync_reader']) w (role)"
          " LEFT JOIN pg_roles r ON r.rolname = w.role WHERE CASE WHEN r.oid IS NULL"
          " THEN (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user)"
          " ELSE NOT has_schema_privilege(r.oid, 'affsync', 'USAGE') END)"
          " AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace IN ("
          " 'affsync'::regnamespace, 'reporting'::regnamespace) AND c.relkind IN ('r', 'p', 'v', "
          "'S')"
          " AND NOT pg_has_role(c.relowner, 'USAGE'))")[0][0]
      .as<bool>();
}

std::vector<std::string> worth_telling(std::vector<std::string> notices) {
  // libpqxx tells the words of a notice only, not its SQLSTATE.
  std::erase_if(notices, [](std::string const& notice) {
    return notice.find(", skipping") != std::string::npos ||
           notice.find(" will rename index ") != std::string::npos;
  });
  return notices;
}

void make_roles(pqxx::transaction_base& tx) {
  // Roles belong to the whole server: the migration of another database may create them just now.
  tx.exec(R"sql(
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['affsync_writer', 'affsync_reader'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
    END IF;
  END LOOP;
EXCEPTION
  WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END
$$)sql");
}

void give_rights(pqxx::transaction_base& tx) {
  for (auto const& row : tx.exec(std::string("SELECT p.oid::regprocedure") + open_functions)) {
    tx.exec(std::string("REVOKE ALL ON FUNCTION ") + row[0].c_str() + " FROM PUBLIC");
  }
  make_roles(tx);
  for (auto const& row :
       tx.exec(std::string("SELECT p.oid::regprocedure, p.rolname") + closed_functions)) {
    tx.exec(std::string("GRANT EXECUTE ON ROUTINE ") + row[0].c_str() + " TO " + row[1].c_str());
  }
  auto const exists = [&](char const* role) {
    SqlParams const params{std::string(role)};
    return !exec(tx, "SELECT FROM pg_roles WHERE rolname = $1", params).empty();
  };
  if (exists("affsync_writer")) {
    tx.exec("GRANT USAGE ON SCHEMA affsync, reporting TO affsync_writer");
    tx.exec("GRANT SELECT ON ALL TABLES IN SCHEMA affsync TO affsync_writer");
    for (auto const& [table, privileges] : writer_rights()) {
      tx.exec("GRANT " + std::string(privileges) + " ON affsync." + std::string(table) +
              " TO affsync_writer");
    }
    // To read them is what `affsync backup` needs: pg_dump asks what they stand at.
    tx.exec("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA affsync TO affsync_writer");
    tx.exec(
        "GRANT EXECUTE ON FUNCTION affsync.make_change_months(integer),"
        " affsync.keep_run_months(integer), affsync.gather_statistics() TO affsync_writer");
    tx.exec("GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO affsync_writer");
    tx.exec(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA affsync GRANT SELECT, INSERT, UPDATE ON TABLES"
        " TO affsync_writer");
    tx.exec(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA affsync GRANT USAGE, SELECT ON SEQUENCES"
        " TO affsync_writer");
    tx.exec(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA reporting GRANT SELECT ON TABLES TO affsync_writer");
  }
  if (exists("affsync_reader")) {
    tx.exec("GRANT USAGE ON SCHEMA affsync, reporting TO affsync_reader");
    tx.exec("GRANT SELECT ON ALL TABLES IN SCHEMA affsync, reporting TO affsync_reader");
    tx.exec(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA affsync, reporting GRANT SELECT ON TABLES"
        " TO affsync_reader");
  }
}

namespace {

// `held`: the locks that are asked for, as a condition on pg_locks l.
std::string oldest_holder(pqxx::transaction_base& tx, std::string const& held) {
  auto const rows = tx.exec(
      "SELECT 'process ' || a.pid || ' (' || concat_ws(', ', a.usename, nullif(a.application_name,"
      " '')) || ')' || coalesce(', since ' || date_trunc('second', clock_timestamp() -"
      " a.xact_start), '') FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
      " WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database"
      " WHERE datname = current_database()) AND " +
      held + " ORDER BY a.xact_start NULLS LAST LIMIT 1");
  return rows.empty() ? std::string() : rows[0][0].c_str();
}

}  // namespace

std::string who_holds_locks(pqxx::transaction_base& tx) {
  return oldest_holder(
      tx,
      "l.relation IN (SELECT oid FROM pg_class WHERE relnamespace IN"
      " (SELECT oid FROM pg_namespace WHERE nspname IN ('affsync', 'reporting')))");
}

std::string whom_a_migration_awaits(pqxx::transaction_base& tx, std::string const& lock) {
  auto const holder = oldest_holder(tx,
                                    "l.locktype = 'advisory' AND l.objsubid = 1"
                                    " AND (l.classid::bigint << 32 | l.objid::bigint) = " +
                                        lock);
  return holder.empty() ? holder : "waiting for the lock of migrations, held by " + holder;
}

}  // namespace affsync::schema
