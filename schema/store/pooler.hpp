// Connection poolers between affsync and PostgreSQL. One that hands a server's session over with
// each transaction (PgBouncer's transaction and statement modes) gives away leases, which are locks
// of a session, and temporary tables with it: it is refused. One that keeps a server's session as
// long as the client's is as good as none.
#pragma once

#include <functional>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Throws Failure database_unavailable when the pooler pools by transaction, or has no second
// connection to give. `process` is the server process of an open session on the same connection
// string, `ask` asks that session for it again. A pooler that has passed is not asked again by this
// program. Blocking, and safe on any thread.
void demand_session_pooling(Secret const& connection, StoreOptions const& options, int process,
                            std::function<int()> const& ask);

Error per_transaction_error();

}  // namespace affsync::schema
