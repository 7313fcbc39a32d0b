// The life of a run in the database: its state, its beginning, its end. Blocking; used on an
// executor's thread.
#pragma once

#include <optional>

#include "schema/store/fence.hpp"
#include "schema/store/lease.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

StreamState read_state(PgSession& session, StreamId const& id);

// Makes the run the only one that may write; closes one that never ended. With a lease whose lock
// is gone it fails with lease_lost, and nothing has changed.
RunKey open_run(PgSession& session, RunStart const& start, std::optional<LockPlace> const& lease);

// Closes the run and brings the stream's state up to date. Waits for the disk, and so makes sure
// of all that the run wrote. When another run has taken over, only this run's own line is closed,
// and lease_lost is thrown.
void close_run(PgSession& session, RunEnd const& end, FencedWrite& fenced);

}  // namespace affsync::schema
