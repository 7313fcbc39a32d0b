// What earlier processes sent, for limits of an hour or a day that outlast a process, and what they
// learned of a limit.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>

#include "daemon/sync/source_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Tells each session, given by the number of its source, what the runs in the database sent, unless
// it knows. The requests of a run count from its end; those of a run that was killed are not known.
// One query for all of them.
boost::asio::awaitable<void> count_past_requests(std::map<int, SourceSession*> sessions,
                                                 schema::Store& store);

}  // namespace affsync::sync
