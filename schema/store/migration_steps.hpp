// Steps of a migration beyond the statements of a file: creating views again and granting missing
// rights. Blocking.
#pragma once

#include <pqxx/transaction_base>

#include <span>
#include <string>
#include <vector>

#include "base/embedded_file.hpp"
#include "schema/store/migration_watch.hpp"

namespace affsync::schema {

// Returns the name of the view that a file creates, from its "CREATE OR REPLACE VIEW", with its
// schema; empty if it creates none.
std::string view_of(EmbeddedFile const& file);

// Runs the statements of a text one by one.
void run_statements(pqxx::transaction_base& tx, std::string_view text, MigrationWatch& watch);

// Runs one that cannot be within a transaction.
void run_alone(pqxx::transaction_base& tx, std::string statement);

// Drops all views and creates them again; rights that were granted or revoked on single views are
// restored. Views of others that depend on ours prevent it.
void make_views(pqxx::transaction_base& tx, std::span<EmbeddedFile const> views,
                MigrationWatch& watch);

// Revokes write rights on views. Default privileges do not distinguish views from tables, and
// nothing writes through the views of the schema.
void limit_views(pqxx::transaction_base& tx);

// Returns true if one of the views is not there, since somebody has dropped it, and this user could
// make it.
bool views_are_missing(pqxx::transaction_base& tx, std::span<EmbeddedFile const> views);

// Returns true if roles or their rights are missing and this user could create or grant them, as
// after a restore without roles.
bool rights_are_missing(pqxx::transaction_base& tx);
void give_rights(pqxx::transaction_base& tx);

// Creates the roles that are missing, if this user may.
void make_roles(pqxx::transaction_base& tx);

// Without what PostgreSQL says of each migration, such as that something was there already.
std::vector<std::string> worth_telling(std::vector<std::string> notices);

// Returns the oldest other transaction that holds a lock on our tables or views, such as
// "process 4711 (metabase, psql), since 00:12:03"; empty if there is none.
std::string who_holds_locks(pqxx::transaction_base& tx);
// Tells of the one that holds the advisory lock of migrations; empty if nobody does.
std::string whom_a_migration_awaits(pqxx::transaction_base& tx, std::string const& lock);

}  // namespace affsync::schema
