// Ends a pass: determines whether it is complete and which rows have vanished. It decides about all
// missed rows of the pass at once, so that either all of them are marked or none. One transaction;
// blocking; used on an executor's thread.
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
  RunWrites& writes_;
  FencedWrite fenced_;
  PassClosed result_;
};

// Returns whether so many rows vanished that the broker's answer is not credible.
//   live           rows of the whole stream that are not deleted
//   marked_lately  rows that were marked in the last days and have not come back
// `limit` is a fraction of the stream's size before those days, so that a few rows at each pass are
// as suspicious as many at once. A single row may vanish even if it exceeds the fraction, as in a
// stream of a few rows; but only a few such rows within those days. limit >= 1 turns the guard off.
bool is_mass_drop(std::int64_t vanished, std::int64_t live, std::int64_t marked_lately,
                  double limit);

}  // namespace affsync::schema
