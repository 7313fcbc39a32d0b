// Rows that the broker still lists, but that no longer satisfy the `where` of their stream. They
// are not missing from the broker's list, so without this code their stored rows would stay live
// forever.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/store/absence.hpp"
#include "schema/store/came_instead.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Returns those of the keys that are stored and live.
std::vector<TableKeys> stored_among(pqxx::transaction_base& tx, RunKey const& run,
                                    std::vector<TableKeys> const& left_out);

struct LeftRows {
  std::int64_t rows = 0;  // that are stored and live
  std::int64_t news = 0;  // of these, not recorded before
};

// Records these rows as missed by the pass, whatever their age, since the broker's answer proves
// that they no longer belong to the table. The end of the pass decides about them with the others.
LeftRows note_left_rows(pqxx::transaction_base& tx, RunKey const& run,
                        std::vector<TableKeys> const& left_out, PassState const& pass);

// Marks the rows of the page that are left out at once: `where` is another than before, so that
// they no longer belong to the table is our doing. Returns how many rows of `main` and of other
// tables it marked.
struct OwnLeft {
  std::int64_t rows = 0, others = 0;
};
OwnLeft mark_left_rows(pqxx::transaction_base& tx, PageWrite const& page, RecordTable const* main,
                       std::vector<TableKeys> const& left_out, PassState const& pass);

// The same at the end of a pass, of rows that it has missed: their keys are made in another way as
// well, so that no page could name those under which they are stored. What is kept of the broker's
// row tells.
struct LeftMissed {
  std::int64_t rows = 0, others = 0;
  std::int64_t missed = 0;  // of all these, rows that the pass had recorded as missed
};
LeftMissed mark_left_missed(pqxx::transaction_base& tx, PassClose const& pass,
                            PassState const& known);

// The same of rows that a slice replaces. Returns how many of the keys are of such rows.
std::int64_t left_among(pqxx::transaction_base& tx, SliceClose const& slice,
                        std::vector<std::string> const& keys, PassState const& pass);
// Notes in their places that nothing of them is lost. Returns the keys of the others. `all`: the
// keys by which `found` is ordered; `keys`: those to look at.
std::vector<std::string> find_left(pqxx::transaction_base& tx, SliceClose const& slice,
                                   std::vector<std::string> const& all,
                                   std::vector<std::string> const& keys, PassState const& pass,
                                   CameInstead& found);

}  // namespace affsync::schema
