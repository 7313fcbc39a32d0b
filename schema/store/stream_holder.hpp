// Whoever holds the row of a stream in affsync.stream_state, so that a run cannot begin.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// To be called after `locked`, the error of a run that has waited for the row for this time and has
// rolled back. A session of affsync's whose program has sent nothing all the while, amid a
// transaction, belongs to one that has stopped: with `may_end` it is ended, as whoever has the
// stream's lease may do, and `on_event` is told. Else throws `locked` as a Failure, with who it is.
void make_way(PgSession& session, StreamId const& id, std::chrono::nanoseconds waited, bool may_end,
              Error locked, std::function<void(std::string const&)> const& on_event);

}  // namespace affsync::schema
