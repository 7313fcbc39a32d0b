// Distributes the tables over the servers of a Citus cluster. Blocking.
#pragma once

#include <pqxx/transaction_base>

#include <string>
#include <vector>

namespace affsync::schema {

// Distributes by source_id what has a source_id in every key, all in the same places, copies tables
// that those are joined with to every server, and leaves the rest on the coordinator. Tables that
// are distributed already stay as they are. Returns the names of the others. Throws Failure
// migration_failed if the extension is not installed.
std::vector<std::string> distribute_tables(pqxx::transaction_base& tx);

bool is_distributed(pqxx::transaction_base& tx);

}  // namespace affsync::schema
