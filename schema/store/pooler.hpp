// Connection poolers between affsync and PostgreSQL. Session and transaction pooling both work: see
// Transaction. Each needs enough connections to the server.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Throws Failure database_unavailable if the pooler has no connection to the server for another
// client within the time limit of a connection: everything else would wait for it for minutes.
// Blocking; may be called from any thread.
void demand_second_connection(Secret const& connection, StoreOptions const& options);

}  // namespace affsync::schema
