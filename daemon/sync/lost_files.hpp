// Files that were read, as their place in the subfolder `done` says, and that the database does not
// know: it is an older one, restored from a backup, and lacks their rows.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "daemon/sync/stream_run.hpp"

namespace affsync::sync {

// Looks at the files that were moved to `done` of this folder last, on the thread of `disk`, unless
// the source's session knows that there are no others than before. Returns what to do if the
// database lacks some of those that the stream reads.
boost::asio::awaitable<std::optional<Error>> find_lost_files(StreamTask const& task,
                                                             schema::Store& store,
                                                             std::filesystem::path const& folder,
                                                             async::Workers& disk, TimePoint now);

}  // namespace affsync::sync
