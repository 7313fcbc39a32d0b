// Stores one page: rows, change records, quarantine, checkpoint and counters in one transaction.
// Blocking; used on an executor's thread.
#pragma once

#include "schema/store/fence.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

class PageWriter {
 public:
  PageWriter(PageWrite const& page, RunWrites& writes) : page_(page), fenced_(writes) {}

  // May be called again after a broken connection; detects whether the first attempt was committed.
  PageWritten write(PgSession& session);

 private:
  struct Attempt;
  PageWritten attempt(PgSession& session, bool row_by_row);

  PageWrite const& page_;
  FencedWrite fenced_;
  PageWritten result_;  // of the latest attempt
};

}  // namespace affsync::schema
