// The values for which a stream with `for_each` is requested, from the stored rows of another
// stream.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "daemon/sync/stream_task.hpp"

namespace affsync::sync {

// Returns the distinct values, sorted; none for a stream that has no `for_each` over rows. One more
// than the connector allows at most, so that too many are noticed.
boost::asio::awaitable<std::vector<std::string>> item_values(StreamTask const& task,
                                                             schema::Store& store);

}  // namespace affsync::sync
