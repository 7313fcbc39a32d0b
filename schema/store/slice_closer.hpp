// Ends a slice: records rows that the broker no longer lists, compares the broker's totals with
// ours, and records the days as read. One transaction; blocking; used on an executor's thread.
#pragma once

#include "schema/store/fence.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

class SliceCloser {
 public:
  SliceCloser(SliceClose const& slice, RunWrites& writes);
  SliceClosed close(PgSession& session);

 private:
  SliceClose const& slice_;
  RunWrites& writes_;
  FencedWrite fenced_;
  SliceClosed result_;
};

}  // namespace affsync::schema
