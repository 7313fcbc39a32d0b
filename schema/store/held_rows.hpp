// Rows that have vanished, and that are not marked as deleted because they are too many
// (mass_drop). All of them still count, so they are told until they are marked or listed again.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>

#include "schema/store/fence.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Returns how many rows of the table vanished in earlier passes, are held since, and are not missed
// by this one, which may not have asked for them.
std::int64_t held_before(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known,
                         RecordTable const& table);

// Notes what the pass holds (PassClosed::would_delete), or that nothing is held any more: a whole
// pass over all rows has judged all of them, and what a pass finds again is no longer recorded as
// missed. Returns how many rows are held since an earlier pass; 0 if this pass holds them. `whole`:
// the pass may mark rows.
std::int64_t note_held(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known,
                       bool whole, PassClosed const& closed);

}  // namespace affsync::schema
