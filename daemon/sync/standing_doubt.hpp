// What keeps a stream of files from being whole after its pass, because nothing reads it by itself:
// files in the subfolder `failed`, and files whose missing rows were too many to be gone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "daemon/sync/stream_run.hpp"

namespace affsync::sync {

// Looks into `failed` of this folder, on the thread of `disk`, and into the database. Returns what
// is wrong and what to do; nullopt if nothing is.
boost::asio::awaitable<std::optional<Error>> find_standing_doubt(StreamTask const& task,
                                                                 schema::Store& store,
                                                                 std::filesystem::path folder,
                                                                 async::Workers& disk);

// Logs, once in a process, which files of the folder no stream of the source reads. Looks at it on
// the thread of `disk`.
boost::asio::awaitable<void> tell_unread_files(StreamTask const& task, std::filesystem::path folder,
                                               Logger const& log, async::Workers& disk);

// What to do about a file whose missing rows are too many to be gone.
std::string advice_of_mass_drop(std::string const& source);

}  // namespace affsync::sync
