// The values for which a stream with `for_each` is requested, from the stored rows of another
// stream.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "daemon/sync/stream_task.hpp"

namespace affsync::sync {

// Returns the distinct values, sorted; none for a stream that has no `for_each` over rows. One more
// than the connector allows at most, so that too many are noticed.
boost::asio::awaitable<std::vector<std::string>> item_values(StreamTask const& task,
                                                             schema::Store& store);

// Notes them in the task, for a run that does not write to the database; none if it has no tables
// yet, or cannot be reached.
boost::asio::awaitable<void> find_items(StreamTask& task, schema::Store& store);

// Returns why nothing is requested for a stream with `for_each` if no value was found; nullopt for
// other streams.
std::optional<Error> lack_of_values(StreamTask const& task, std::vector<std::string> const& found);

// Returns lack_of_values() if the stream that gives them was never read to its end, so that there
// may be rows to ask for; with the code of that stream's refusal where the broker does not offer
// it. nullopt if it was read and has no row: then there is nothing to ask for.
boost::asio::awaitable<std::optional<Error>> unread_values(StreamTask const& task,
                                                           std::vector<std::string> const& found,
                                                           schema::Store& store);

}  // namespace affsync::sync
