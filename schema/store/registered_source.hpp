// A source as this program has registered it. A database may get other sources under the same
// numbers while the program runs: a backup was restored, and another program was the first to
// register what it lacks.
#pragma once

#include <pqxx/transaction_base>

#include <optional>
#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

struct RegisteredSource {
  int source_id = 0;
  SourceRegistration registration;
  std::string created_at;  // see SourceRegistered
  RegisteredSource() = default;
};

// What to say if the number of this source belongs to another one; config_invalid, so that the
// daemon registers all of its sources again.
Failure replaced(std::string const& name);

// Throws replaced() for the first of these sources that the database lacks, or has another one in
// place of.
void demand_all(PgSession& session, std::vector<RegisteredSource> const& sources);

// Throws lease_lost if somebody else has taken the lease since, so that their run is not fenced
// out. To be called after the run has locked the stream's state: whoever takes the lease later
// begins their run later. Locks nothing, since the commit may wait for a standby without a limit.
// And config_invalid if the source is not the one that was registered; whoever replaces it waits
// for this transaction, or has committed before. In one statement, since each is a round trip.
void demand_lease_and_source(pqxx::transaction_base& tx, StreamId const& id,
                             std::optional<std::string> const& lease_token,
                             std::string const& name);

// Inserts a source that the database has lost, with its old number, as after a failover to a server
// that lagged behind. Throws replaced() if another source has the name or number meanwhile.
void restore_source(PgSession& session, RegisteredSource const& source);

}  // namespace affsync::schema
