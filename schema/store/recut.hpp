// Rows that hold the sums of a whole window, after windows cut days in another way
// (PassState::recut_after): what was stored before is no longer listed, or not with the same sums.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <string>
#include <vector>

#include "schema/store/came_instead.hpp"
#include "schema/store/fence.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Returns whether the pass is the first one since then, or one after it that had to go on.
bool is_recut(PassState const& pass);

// Marks the rows of the stream's own table as deleted that were stored before and that the pass has
// missed, or that are of days after its last one: they have not vanished, so the change says that
// what counted counts as before. If the rows would become fewer by too many (`mass_drop`), it marks
// none. `replaces`: missed rows went with their slices.
struct Recut {
  std::int64_t rows = 0;
  std::int64_t missed = 0;  // of these, rows that the pass had recorded as missed
  std::int64_t kept = 0;    // those of its first day, which it had not judged
  std::int64_t left = 0;    // rows of before that are missed and still stand
};
Recut mark_recut(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known,
                 bool is_sound);

// Notes that no row of before is left that the broker may still give.
void settle_recut(pqxx::transaction_base& tx, PassClose const& pass);

// Finds those of the rows with these keys, which a slice replaces, that were stored before, and
// notes in their places that nothing of them is lost. Returns the keys of the others.
std::vector<std::string> find_recut(pqxx::transaction_base& tx, SliceClose const& slice,
                                    std::vector<std::string> const& keys, PassState const& pass,
                                    CameInstead& found);

}  // namespace affsync::schema
