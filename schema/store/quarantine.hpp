// Rows put aside, and their coming back.
#pragma once

#include <pqxx/transaction_base>

#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Stores the rows; the same row with the same reason again only updates its line. `raw` that
// PostgreSQL cannot take as jsonb, or not whole, is kept as a JSON string of its text. How many of
// the lines nobody has accepted.
std::int64_t quarantine_rows(pqxx::transaction_base& tx, RunKey const& run,
                             std::vector<QuarantinedRow> const& rows, TimePoint now);

// Closes the lines of rows that have been stored; `keys` is a PostgreSQL array text.
void resolve_stored(pqxx::transaction_base& tx, RunKey const& run, std::string keys, TimePoint now);

// Closes lines by their own numbers.
void resolve_lines(pqxx::transaction_base& tx, RunKey const& run,
                   std::vector<std::int64_t> const& ids, TimePoint now);

// Closes the lines that a complete pass has not met again.
void resolve_not_met(pqxx::transaction_base& tx, RunKey const& run, TimePoint now);

// What `affsync quarantine` asks for; see Store. Blocking; used on an executor's thread.
std::vector<QuarantinedLine> read_quarantined(PgSession& session, StreamId const& id,
                                              std::optional<QuarantinePosition> const& after,
                                              int limit);
std::vector<std::string> changed_after(PgSession& session, StreamId const& id,
                                       std::string const& table, std::vector<KeyAt> const& keys);
void resolve_quarantined(PgSession& session, RunKey const& run,
                         std::vector<std::int64_t> const& ids, TimePoint now);
std::vector<std::int64_t> accept_quarantined(PgSession& session, Acceptance const& acceptance);

// Ill-formed UTF-8 and U+0000 replaced by U+FFFD.
std::string printable_utf8(std::string_view text);

}  // namespace affsync::schema
