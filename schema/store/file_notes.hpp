// Which files were read into a stream, for those that overlap. Blocking; used on an executor's
// thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Notes a file, and returns the latest reading of each other file of the stream whose period shares
// some days with its period, but neither holds the other.
std::vector<FileNote> note_file(PgSession& session, StreamId const& id, FileNote const& note);

// Returns those of these names that no reading of the source has, nor the name without the number
// that tells two files of one name apart ("a-2.csv"). Not blocking.
boost::asio::awaitable<std::vector<std::string>> never_read(Store& store, StreamId const& id,
                                                            std::vector<std::string> names);

// Returns when the latest reading of the stream ended that the database knows. Not blocking.
boost::asio::awaitable<std::optional<TimePoint>> newest_reading(Store& store, StreamId const& id);

}  // namespace affsync::schema
