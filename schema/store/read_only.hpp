// Why a session may not write.
#pragma once

#include <pqxx/transaction_base>

#include <string>

#include "schema/store/pg_session.hpp"

namespace affsync::schema {

// Returns what to do about it, after SQLSTATE 25006: its server is a standby, or somebody has made
// the role, the database or the server read-only, which affsync does not override. Empty if it
// cannot be found out.
std::string hint_of_read_only(PgSession& session);
// The same, of a transaction that can still be used; may throw.
std::string hint_of_read_only(pqxx::transaction_base& tx);

}  // namespace affsync::schema
