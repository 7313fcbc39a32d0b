// Stores, reads, resolves and accepts quarantined rows.
#pragma once

#include <pqxx/transaction_base>

#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Stores rows in quarantine. The same row with the same reason only updates its existing entry. A
// `raw` that jsonb refuses or would change is stored as a JSON string with its text. Returns how
// many of the entries no user has accepted.
std::int64_t quarantine_rows(pqxx::transaction_base& tx, RunKey const& run,
                             std::vector<QuarantinedRow> const& rows, TimePoint now);

// Resolves the entries of rows that were stored in this table; `keys` is a PostgreSQL array text. A
// stored row says nothing of what another table takes from the same row of the broker.
void resolve_stored(pqxx::transaction_base& tx, RunKey const& run, RecordTable const& table,
                    std::string keys, TimePoint now);

// Resolves entries by their ids.
void resolve_lines(pqxx::transaction_base& tx, RunKey const& run,
                   std::vector<std::int64_t> const& ids, TimePoint now);

// Resolves the entries that a complete pass did not see again.
void resolve_not_met(pqxx::transaction_base& tx, RunKey const& run, TimePoint now);

// Resolves entries of a stream that is read by date, at the end of a pass that need not be full, if
// no day of it is in doubt: a slice with such a row is, and is asked for until it was read without
// one. Entries of passes that were stopped, accepted ones and those of files stay.
void resolve_settled(pqxx::transaction_base& tx, RunKey const& run, std::int64_t pass_run_id,
                     TimePoint now);

// Implement the members of Store of the same names. Blocking; used on an executor's thread.
std::vector<QuarantinedLine> read_quarantined(PgSession& session, StreamId const& id,
                                              std::optional<QuarantinePosition> const& after,
                                              int limit);
std::vector<std::string> changed_after(PgSession& session, StreamId const& id,
                                       std::string const& table, std::vector<KeyAt> const& keys);
void resolve_quarantined(PgSession& session, RunKey const& run,
                         std::vector<std::int64_t> const& ids, TimePoint now);
std::vector<std::int64_t> accept_quarantined(PgSession& session, Acceptance const& acceptance);

}  // namespace affsync::schema
