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
// that tells two files of one name apart ("a-2.csv"), or the `.txt` of what affsync says of it. Not
// blocking.
boost::asio::awaitable<std::vector<std::string>> never_read(Store& store, StreamId const& id,
                                                            std::vector<std::string> names);

// A file that lies where those go that cannot be read.
struct FailedFile {
  std::string name;
  TimePoint since{};
};
// Returns the names of those that no later reading of the source has, nor their name without a
// number as above. Not blocking.
boost::asio::awaitable<std::vector<std::string>> not_read_since(Store& store, StreamId const& id,
                                                                std::vector<FailedFile> files);

// Returns the files of the stream that left rows in doubt because too many would be gone, and how
// many. Not blocking.
boost::asio::awaitable<std::vector<FileSlice::Kept>> files_in_doubt(Store& store,
                                                                    StreamId const& id);

// Returns when the latest reading of the stream ended that the database knows. Not blocking.
boost::asio::awaitable<std::optional<TimePoint>> newest_reading(Store& store, StreamId const& id);

}  // namespace affsync::schema
