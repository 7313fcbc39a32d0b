// What earlier runs sent, for limits of an hour or a day that outlast a process.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "daemon/sync/source_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Tells the session what the runs in the database sent, unless it knows. The requests of a run
// count from its end; those of a run that was killed are not known. Without a database (`source_id`
// 0) nothing is known.
boost::asio::awaitable<void> count_past_requests(SourceSession& session, int source_id,
                                                 schema::Store* store);

}  // namespace affsync::sync
