// The stored rows that belong to a slice, as an SQL condition.
#pragma once

#include <optional>
#include <string>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// A condition on the rows `t` of a record table, with its parameters: $1 is the source, $2 the
// stream.
struct Scope {
  std::string condition;
  SqlParams params;
};

// To be executed in a transaction before the rows of some days are read. PostgreSQL's planner does
// not know that the rows of a day stand close together, and would rather read the whole table.
inline constexpr char const* by_index_only = "SET LOCAL enable_seqscan = off";

// Returns the condition for the live rows of the slice.
Scope live_rows_of(StreamId const& id, SliceScope const& slice);

// Returns the condition for the live rows that the slice asked for, and that it can miss: of its
// days, without those that it shares with the next slice, and of its items, see asked_items();
// null: of all.
Scope asked_rows_of(SliceClose const& close, SliceScope const& slice,
                    std::optional<std::string> const& items);

// Returns the condition for rows of a slice that shares days which the next slice may be given.
Scope later_rows_of(SliceClose const& close, SliceScope const& slice);

// Returns a condition that a column has none of the texts of an array, a parameter of any length.
// PostgreSQL looks them up in a hash table. One of a subquery it would search from its beginning
// for each row as soon as it is larger than work_mem, and so would version 14 with <> ALL.
std::string none_of(std::string const& column, std::string const& texts);

// Returns the quoted column of the rows `t`. Throws Failure internal if the table lacks it.
std::string known_column(RecordTable const& table, std::string const& column);

}  // namespace affsync::schema
