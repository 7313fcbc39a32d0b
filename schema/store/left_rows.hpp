// Rows that the broker still lists, but no longer as rows of their table: a stream keeps only what
// its `where` says, and a row may stop being that. It is not missing from anything, so that the
// list says nothing against it; its stored form would stay live for ever.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/store/absence.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Those of the keys that are stored and live.
std::vector<TableKeys> stored_among(pqxx::transaction_base& tx, RunKey const& run,
                                    std::vector<TableKeys> const& left_out);

// Notes them as missed by the pass, whatever their age: the broker itself shows that they are none
// any more. They are judged with the others at its end. How many it had not noted yet.
std::int64_t note_left_rows(pqxx::transaction_base& tx, SliceClose const& slice,
                            PassState const& pass);

}  // namespace affsync::schema
