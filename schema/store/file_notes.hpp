// Which files were read into a stream, for those that overlap. Blocking; used on an executor's
// thread.
#pragma once

#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Notes a file, and returns the latest reading of each other file of the stream whose period shares
// some days with its period, but neither holds the other.
std::vector<FileNote> note_file(PgSession& session, StreamId const& id, FileNote const& note);

}  // namespace affsync::schema
