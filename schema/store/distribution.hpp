// Distributes the tables over the servers of a Citus cluster. Blocking.
#pragma once

#include <pqxx/transaction_base>

#include <string>
#include <vector>

namespace affsync::schema {

// Distributes by source_id what has a source_id in every key, all in the same places, and copies
// the other tables to every server. Tables that are distributed already stay as they are. Returns
// the names of the others. Throws Failure migration_failed if the extension is not installed.
std::vector<std::string> distribute_tables(pqxx::transaction_base& tx);

}  // namespace affsync::schema
