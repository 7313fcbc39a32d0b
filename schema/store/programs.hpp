// The programs that read into a database, and which sources are theirs. A daemon leaves alone what
// another one reads: sources that its own configuration does not name, and feeds of a newer
// version.
#pragma once

#include <pqxx/transaction_base>

#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

struct Program {
  std::string instance;  // the configuration
  std::string process;   // random; empty: a command such as `sync`
  std::string version;
  std::string release;  // array text of its numbers; see affsync.program
  DaemonTroubles troubles;
  Program() = default;
};

// This program, as `options` name it. `process`: see Program.
Program this_program(StoreOptions const& options, std::string process);

// SQL: whether a daemon other than this one runs that names the source in `name`. Parameters: the
// instance and process of this program.
std::string others_name_sql(std::string const& name, int instance, int process,
                            std::string const& more = {});

// SQL: whether another configuration than that of parameter `mine` counts for the source `s`. Those
// without a row were noted by an earlier version of affsync.
std::string claimed_by_others_sql(int mine);

// Locks, in the order of all, the rows of affsync.source that note_program() and, with `others`,
// give_up_others() change: to be called before them, and before the transaction writes
// affsync.program or a stream. What they decide stays true until its end, since whoever claims a
// source changes its row.
void lock_sources(pqxx::transaction_base& tx, Program const& program,
                  std::vector<std::string> const& names, bool others);

// Notes that the program is there, and which sources its configuration names.
void note_program(pqxx::transaction_base& tx, Program const& program,
                  std::vector<std::string> const& names);

// Whether the latest command of this name did not name all sources that this one does. Then it may
// be of another configuration, as in two containers that have the file at one path, so that nothing
// tells whether the sources that only it names are gone. To be asked before note_program().
bool is_shared_by_commands(pqxx::transaction_base& tx, Program const& program,
                           std::vector<std::string> const& names);

// Gives up the sources that this configuration does not name, and retires those of them that no
// other configuration and no running daemon names.
void give_up_others(pqxx::transaction_base& tx, Program const& program,
                    std::vector<std::string> const& names);

// Records which sources a daemon's configuration names. Retires sources that it no longer names,
// unless another configuration, or a running daemon, names them, or it names none at all.
void claim_sources(PgSession& session, Program const& program,
                   std::vector<std::string> const& names);

// Records what stands against the daemon, if its row is there already.
void note_troubles(PgSession& session, Program const& program);

// Notes that the daemon ends, so that it does not count as running for some minutes.
void note_end(PgSession& session, Program const& program);

}  // namespace affsync::schema
