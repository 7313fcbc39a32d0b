#include "schema/store/examine.hpp"

#include "schema/store/migrate.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/read_only.hpp"
#include "schema/store/rights.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr int oldest_server = 140000;

void lacks(std::vector<Error>& all, std::string message, std::string hint) {
  all.emplace_back(ErrorCode::database_error, std::move(message), std::move(hint));
}

std::string joined(pqxx::result const& rows) {
  constexpr int most = 5;
  std::string text;
  for (int i = 0; i < static_cast<int>(rows.size()) && i < most; ++i) {
    if (!text.empty()) text += ", ";
    text += rows[i][0].c_str();
  }
  auto const count = static_cast<int>(rows.size());
  if (count > most) text += " and " + std::to_string(count - most) + " more";
  return text;
}

// Checks what every command needs: version, encoding, and a server that accepts writes.
void examine_server(pqxx::transaction_base& tx, Examination& found, std::vector<Error>& all) {
  auto const row = tx.exec(
      "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
      " current_setting('server_encoding'), pg_is_in_recovery(),"
      " current_setting('default_transaction_read_only')::boolean")[0];
  found.server = "PostgreSQL " + std::string(row[0].c_str());
  found.encoding = row[2].c_str();
  found.standby = row[3].as<bool>();
  if (row[1].as<int>() < oldest_server) {
    lacks(all, found.server + " is too old", "affsync needs PostgreSQL 14 or newer.");
  }
  if (found.encoding != "UTF8") {
    lacks(all, "the database's encoding is " + found.encoding + ", so it cannot store every text",
          "Create one in UTF-8: CREATE DATABASE affsync ENCODING 'UTF8' TEMPLATE template0;");
  }
  if (found.standby) {
    lacks(all, "the server is a standby: it accepts no writes",
          "database.url must name the primary; with several hosts in it, add"
          " target_session_attrs=read-write.");
  } else if (row[4].as<bool>()) {
    lacks(all, "sessions of this user are read-only", hint_of_read_only(tx));
  }
}

// Checks what `migrate` needs if it has something to do. `version`: see Examination.
void examine_ownership(pqxx::transaction_base& tx, int version, std::vector<Error>& all) {
  constexpr int last_with_temporary_tables = 51;
  auto const row = tx.exec(
      "SELECT quote_ident(current_database()), quote_ident(current_user),"
      " has_database_privilege(current_database(), 'CREATE'),"
      " has_database_privilege(current_database(), 'TEMPORARY'),"
      " (SELECT count(*) FROM pg_namespace WHERE nspname IN ('affsync', 'reporting'))")[0];
  std::string const database = row[0].c_str(), user = row[1].c_str();
  auto const grant = [&](std::string const& right, std::string const& what) {
    lacks(all, "the user " + user + " may not create " + what + " in the database " + database,
          "As its owner or a superuser: GRANT " + right + " ON DATABASE " + database + " TO " +
              user + ";");
  };
  bool const makes_schemas = row[4].as<int>() < 2;
  bool const makes_tables = version < last_with_temporary_tables;
  if (makes_schemas && !row[2].as<bool>()) {
    grant(makes_tables && !row[3].as<bool>() ? "CREATE, TEMPORARY" : "CREATE", "schemas");
  } else if (makes_tables && !row[3].as<bool>()) {
    grant("TEMPORARY", "temporary tables");
  }
  auto const foreign = tx.exec(
      "SELECT 'the schema ' || quote_ident(nspname) FROM pg_namespace"
      " WHERE nspname IN ('affsync', 'reporting') AND NOT pg_has_role(nspowner, 'USAGE')"
      " UNION ALL SELECT c.oid::regclass::text FROM pg_class c"
      " JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE n.nspname IN ('affsync', 'reporting') AND c.relkind IN ('r', 'p', 'v')"
      " AND NOT pg_has_role(c.relowner, 'USAGE') ORDER BY 1");
  if (!foreign.empty()) {
    lacks(all,
          "the schema must be brought up to date, but the user " + user + " does not own " +
              joined(foreign),
          "Run `affsync migrate` once as the owner, or GRANT the owner's role to " + user + ".");
  }
}

std::string to_be_granted(std::string const& user) {
  return "GRANT affsync_writer TO " + user + "; or let it own the schemas.";
}

// Checks the rights without which not even the schema's version can be read.
bool may_look(pqxx::transaction_base& tx, std::vector<Error>& all) {
  auto const row = tx.exec(
      "SELECT quote_ident(current_user), coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE')),"
      " true), coalesce((SELECT has_table_privilege(c.oid, 'SELECT') FROM pg_class c"
      " JOIN pg_namespace m ON m.oid = c.relnamespace WHERE m.nspname = 'affsync'"
      " AND c.relname = 'schema_migration'), true) FROM pg_namespace n"
      " WHERE n.nspname IN ('affsync', 'reporting')")[0];
  if (row[1].as<bool>() && row[2].as<bool>()) return true;
  std::string const user = row[0].c_str();
  lacks(all, "the user " + user + " may not use the schemas affsync and reporting",
        to_be_granted(user));
  return false;
}

// Checks what reading and storing need in a schema that is up to date.
void examine_rights(pqxx::transaction_base& tx, std::vector<Error>& all) {
  std::string const user = tx.exec("SELECT quote_ident(current_user)")[0][0].c_str();
  auto const missing =
      tx.exec("SELECT string_agg(DISTINCT w.privilege, ', ') || ' on ' || w.name FROM (VALUES " +
              writer_rights_sql() +
              ") w (name, privilege) WHERE to_regclass('affsync.' || w.name) IS NOT NULL"
              " AND NOT has_table_privilege('affsync.' || w.name, w.privilege) GROUP BY w.name"
              " UNION ALL SELECT 'USAGE on ' || c.relname FROM pg_class c"
              " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'affsync'"
              " AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE') END"
              " UNION ALL SELECT 'SELECT on reporting.' || c.relname FROM pg_class c"
              " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'reporting'"
              " AND CASE WHEN c.relkind = 'v' THEN NOT has_table_privilege(c.oid, 'SELECT') END "
              "ORDER BY 1");
  if (!missing.empty())
    lacks(all, "the user " + user + " lacks " + joined(missing), to_be_granted(user));
  auto const closed = tx.exec(
      "SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'affsync'::regnamespace"
      " AND NOT p.prosecdef AND p.proname <> 'make_months' AND NOT has_function_privilege(p.oid, "
      "'EXECUTE') ORDER BY 1");
  if (!closed.empty()) {
    lacks(all, "the user " + user + " may not execute " + joined(closed),
          "Run `affsync migrate` once as their owner: it grants that to affsync_writer and"
          " affsync_reader.");
  }
  auto const hidden = tx.exec(
      "SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'affsync'::regnamespace"
      " AND c.relkind IN ('r', 'p') AND row_security_active(c.oid) ORDER BY 1");
  if (!hidden.empty()) {
    lacks(all, "row-level security hides rows of " + joined(hidden) + " from the user " + user,
          "ALTER ROLE " + user + " BYPASSRLS; or ALTER TABLE … DISABLE ROW LEVEL SECURITY.");
  }
}

Result<Examination> examine_session(StoreOptions const& options) {
  Examination found;
  {
    PgSession session(options);
    Transaction tx(session, Transaction::Kind::statements);
    examine_server(tx, found, found.sync_lacks);
    // No further check is possible.
    if (found.encoding != "UTF8" || !may_look(tx, found.sync_lacks)) {
      found.migrate_lacks = found.sync_lacks;
      return found;
    }
  }
  auto const plan = migrate(options, true);
  if (!plan) return plan.error();
  found.version = plan->present;
  found.up_to_date = plan->applied.empty();

  PgSession session(options);
  Transaction tx(session, Transaction::Kind::statements);
  if (found.up_to_date) {
    examine_rights(tx, found.sync_lacks);
  } else {
    found.migrate_lacks = found.sync_lacks;
    examine_ownership(tx, found.version, found.migrate_lacks);
    found.sync_lacks = found.migrate_lacks;
  }
  return found;
}

}  // namespace

Result<Examination> examine(StoreOptions const& options) {
  try {
    return examine_session(options);
  } catch (std::exception const&) {
    return current_problem().error;
  }
}

}  // namespace affsync::schema
