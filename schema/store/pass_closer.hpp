// The end of a pass: what it is worth, and which rows have vanished. They are judged here, over the
// whole pass at once, so that either all of them are marked or none. One transaction; blocking;
// used on an executor's thread.
#pragma once

#include "schema/store/fence.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

class PassCloser {
 public:
  PassCloser(PassClose const& pass, RunWrites& writes);
  PassClosed close(PgSession& session);

 private:
  PassClose const& pass_;
  FencedWrite fenced_;
  PassClosed result_;
};

// Whether `vanished` rows are too many to be believed.
//   live           rows of the whole stream that are not deleted
//   marked_lately  rows that were marked in the last days and have not come back
// The limit is a part of the stream as it was before those days, so that a little at each pass is
// as suspicious as much at once. A single row may go, which is more than any sensible part of a
// handful; but not one after the other. limit >= 1 switches the guard off.
bool is_mass_drop(std::int64_t vanished, std::int64_t live, std::int64_t marked_lately,
                  double limit);

}  // namespace affsync::schema
