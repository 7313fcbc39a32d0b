// Rows that the broker still lists, but no longer as rows of their table: a stream keeps only what
// its `where` says, and a row may stop being that. It is not missing from anything, so that the
// list says nothing against it; its stored form would stay live for ever.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schema/pg_session.hpp"
#include "schema/store.hpp"

namespace affsync::schema {

// Those of the keys that are stored and live.
std::vector<TableKeys> stored_among(pqxx::transaction_base& tx, RunKey const& run,
                                    std::vector<TableKeys> const& left_out);

struct LeftRows {
  std::int64_t of_main_table = 0;  // marked
  std::int64_t of_others = 0;
  std::int64_t held_back = 0;  // too many at once to be believed
  std::int64_t live = 0;       // rows of the table that they were too many of
};

// Marks them as deleted, unless they are more of their table than may go at once.
LeftRows mark_left_rows(pqxx::transaction_base& tx, SliceClose const& slice,
                        std::int64_t deleted_in_run);

}  // namespace affsync::schema
