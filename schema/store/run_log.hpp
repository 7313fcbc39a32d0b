// Reads the state of a stream, and begins and ends runs in the database. Blocking; used on an
// executor's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "schema/store/fence.hpp"
#include "schema/store/lease.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/registered_source.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

StreamState read_state(PgSession& session, StreamId const& id);

// Begins a run and makes it the only one that may write; closes runs that never ended. If the lease
// is no longer held under this token, it throws lease_lost, and if the number of the source belongs
// to another one, config_invalid; then it changes nothing. `source`: null if it is none that was
// registered. `on_event`: see make_way().
RunKey open_run(PgSession& session, RunStart const& start,
                std::optional<std::string> const& lease_token, RegisteredSource const* source,
                std::function<void(std::string const&)> const& on_event = {});

// Ends the run and updates the stream's state. Its commit waits for the disk, so everything that
// the run wrote is then durable. If another run has taken over, it closes only this run's own row
// and throws lease_lost.
RunEnded close_run(PgSession& session, RunEnd const& end, FencedWrite& fenced);

}  // namespace affsync::schema
