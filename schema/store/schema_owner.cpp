#include "schema/store/schema_owner.hpp"

#include <vector>

#include "schema/store/migration_steps.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

// The tables say it: a schema may have been made for a user by somebody else.
constexpr auto owner_sql =
    "SELECT pg_get_userbyid(o.owner), pg_has_role(o.owner, 'MEMBER'), current_user FROM ("
    "SELECT coalesce((SELECT c.relowner FROM pg_class c WHERE c.relnamespace = n.oid"
    " AND c.relname = 'schema_migration'), n.nspowner) AS owner FROM pg_namespace n"
    " WHERE n.nspname = 'affsync') o WHERE pg_get_userbyid(o.owner) <> current_user";

// $1: the owner; $2: our views in reporting.
constexpr auto give_sql =
    "SELECT format('ALTER %s %s OWNER TO %I', x.kind, x.name, $1::text) FROM ("
    "SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind,"
    " c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'v') AND c.relowner = current_user::regrole"
    " AND (n.nspname = 'affsync' OR n.nspname || '.' || c.relname = ANY ($2::text[]))"
    " UNION ALL SELECT 'ROUTINE', p.oid::regprocedure::text FROM pg_proc p"
    " WHERE p.pronamespace = 'affsync'::regnamespace AND p.proowner = current_user::regrole) x";

}  // namespace

void act_as_owner(PgSession& session, std::span<EmbeddedFile const> views) {
  Transaction tx(session);
  auto const found = tx.exec(owner_sql);
  if (found.empty()) return;
  std::string const owner = found[0][0].c_str();
  if (!found[0][1].as<bool>()) {
    throw Failure(ErrorCode::migration_failed,
                  "the tables of affsync belong to the user " + owner + ", and " +
                      found[0][2].c_str() + ", the one of database.url, may not act as that user",
                  "Run `affsync migrate` once with a database.url of " + owner +
                      ", of a member of that role, or of a superuser.");
  }
  make_roles(tx);
  ArrayText ours;
  for (auto const& file : views) ours.add(view_of(file));
  SqlParams const params{owner, ours.take()};
  for (auto const& row : exec(tx, give_sql, params)) tx.exec(row[0].c_str());
  tx.commit();
  session.act_as(owner);
}

}  // namespace affsync::schema
