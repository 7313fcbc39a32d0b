// Rows put aside, and their coming back.
#pragma once

#include <pqxx/transaction_base>

#include <string>
#include <vector>

#include "schema/store.hpp"

namespace affsync::schema {

// Stores the rows; the same row with the same reason again only updates its line. `raw` that
// PostgreSQL cannot take as jsonb is kept as a JSON string of its text.
void put_aside(pqxx::transaction_base& tx, RunKey const& run,
               std::vector<QuarantinedRow> const& rows, TimePoint now);

// Closes the lines of rows that have been stored; `keys` is a PostgreSQL array text.
void resolve_stored(pqxx::transaction_base& tx, RunKey const& run, std::string keys, TimePoint now);

// Closes the lines that a complete pass has not met again.
void resolve_not_met(pqxx::transaction_base& tx, RunKey const& run, TimePoint now);

// Ill-formed UTF-8 and U+0000 replaced by U+FFFD.
std::string printable_utf8(std::string_view text);

}  // namespace affsync::schema
