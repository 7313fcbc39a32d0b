// The end of a slice: rows that the broker no longer lists are marked, its totals compared with
// ours. One transaction; blocking; used on an executor's thread.
#pragma once

#include "schema/fence.hpp"
#include "schema/pg_session.hpp"
#include "schema/store.hpp"

namespace affsync::schema {

class SliceCloser {
 public:
  SliceCloser(SliceClose const& slice, RunWrites& writes);
  SliceClosed close(PgSession& session);

 private:
  SliceClose const& slice_;
  FencedWrite fenced_;
  SliceClosed result_;
};

// Whether `vanished` rows are too many to be believed.
//   stream_live       rows of the whole stream that are not deleted
//   deleted_in_run    rows that earlier slices of the run have marked
//   nothing_seen      the broker listed no row at all, of the whole stream
// The limit is a part of the stream as it was before the run, over all slices of the run, so that
// many empty slices are as suspicious as one empty list. A single row may always go, since one of
// a handful is more than any sensible part. A stream that has become empty all at once is never
// believed. limit >= 1 switches the guard off.
bool is_mass_drop(std::int64_t vanished, std::int64_t stream_live, std::int64_t deleted_in_run,
                  bool nothing_seen, double limit);

}  // namespace affsync::schema
