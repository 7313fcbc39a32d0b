// Reads the rows of a query one after another, a few thousand at a time, because a stream may have
// millions.
#pragma once

#include <functional>
#include <pqxx/row>
#include <pqxx/transaction_base>
#include <string>

#include "schema/store/pg_session.hpp"

namespace affsync::schema {

// Calls take(row) for each row of the query. If take returns false, the rest is not read.
void walk(pqxx::transaction_base& tx, std::string const& query, SqlParams const& params,
          std::function<bool(pqxx::row const&)> const& take);

}  // namespace affsync::schema
