// The end of a pass: what it is worth, told by what stands in the database. One transaction;
// blocking; used on an executor's thread.
#pragma once

#include "schema/fence.hpp"
#include "schema/pg_session.hpp"
#include "schema/store.hpp"

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

}  // namespace affsync::schema
