// Rows that the broker still lists, but that no longer satisfy the `where` of their stream. They
// are not missing from the broker's list, so without this code their stored rows would stay live
// forever.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/store/absence.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Returns those of the keys that are stored and live.
std::vector<TableKeys> stored_among(pqxx::transaction_base& tx, RunKey const& run,
                                    std::vector<TableKeys> const& left_out);

// Records these rows as missed by the pass, whatever their age, since the broker's answer proves
// that they no longer belong to the table. The end of the pass decides about them with the others.
// Returns how many were not recorded before.
std::int64_t note_left_rows(pqxx::transaction_base& tx, SliceClose const& slice,
                            PassState const& pass);

}  // namespace affsync::schema
