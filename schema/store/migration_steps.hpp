// The steps of a migration that are more than a file's statements: making views anew, and rights
// that are missing. Blocking.
#pragma once

#include <pqxx/transaction_base>

#include <span>
#include <string>

#include "base/embedded_file.hpp"
#include "schema/store/migration_watch.hpp"

namespace affsync::schema {

// Runs the statements of a text one by one.
void run_statements(pqxx::transaction_base& tx, std::string_view text, MigrationWatch& watch);

// Makes the views. Replacing keeps other people's views on ours alive; PostgreSQL allows it unless
// columns were renamed, retyped or removed (`replace` false then): the whole set is dropped and
// made again, with the rights that somebody gave on a single one, or took from it.
void make_views(pqxx::transaction_base& tx, std::span<EmbeddedFile const> views, bool replace,
                MigrationWatch& watch);

// True when the roles, or their rights, are not there although this user could make or give them:
// after a restore without them.
bool rights_are_missing(pqxx::transaction_base& tx);
void give_rights(pqxx::transaction_base& tx);

// "process 4711 (metabase, psql), since 00:12:03": the oldest other transaction that holds a lock
// on something of ours; empty: none is seen.
std::string who_holds_locks(pqxx::transaction_base& tx);

}  // namespace affsync::schema
