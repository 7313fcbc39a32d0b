// Detects connection poolers between affsync and PostgreSQL. A pooler that assigns another server
// session to each transaction (PgBouncer's transaction and statement modes) breaks leases, which
// are session locks, and temporary tables: it is refused. A pooler that keeps one server session
// per client connection is harmless.
#pragma once

#include <functional>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Throws Failure database_unavailable if the pooler pools by transaction, or has no second
// connection available. `process` is the server process of an open session on the same connection
// string; `ask` queries it on that session again. A pooler that passed is not tested again in this
// process. Blocking; may be called from any thread.
void demand_session_pooling(Secret const& connection, StoreOptions const& options, int process,
                            std::function<int()> const& ask);

Error per_transaction_error();

}  // namespace affsync::schema
