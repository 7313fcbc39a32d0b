// Rows that a stream no longer makes: of a table that its connector fills no more, or of a further
// mapping that was taken out of it (PassState::unmade_after). No list shows that they are gone, and
// it is not the broker who removed them.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>

#include "schema/store/fence.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Whether such rows are to be looked for at the end of this pass: it began after the connector was
// another, and it has read all rows; or a file, which has its own.
bool looks_for_unmade(PassClose const& pass, PassState const& known);

struct Unmade {
  std::int64_t rows = 0, others = 0;  // marked in the stream's own table, and in others
  std::int64_t missed = 0;            // of these, rows that the pass had recorded as missed
  std::int64_t left = 0;              // rows that still stand and should not
};

// Marks rows of tables that the stream still fills and that no mapping of it makes any more: what
// is kept of the broker's row gives other keys, and a row under one of these has stood beside it
// since before. So it is no row whose key is made in another way, which comes anew; nor one that
// the broker has removed. Call it before missed rows are judged, after a sound pass over all rows.
Unmade mark_unmapped(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known);

// Marks the rows of tables that the stream does not fill, and notes that none is left. After a
// file, only those whose row of the broker's the stream has in its own table: the others wait for
// their file. Without `is_sound`, or if the tables that it fills are all empty, which may be a
// mistake of the connector, it only counts them.
Unmade mark_unfilled(pqxx::transaction_base& tx, PassClose const& pass, bool is_sound);

}  // namespace affsync::schema
