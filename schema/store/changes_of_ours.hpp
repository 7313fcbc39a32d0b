// SQL of what is no doing of the broker's in a change of a row: `p` is the row as it was looked up
// for the change, with t_deleted, t_changed and t_run; $1 the source, $2 the stream, $4 the time of
// the change.
#pragma once

#include <string>

#include "base/tables.hpp"

namespace affsync::schema {

// All rows of the stream are read again because of us. A row that the broker sends as before and
// that differs all the same was read by another mapping: its change is no doing of the broker's.
inline constexpr auto wanted_anew_sql =
    "(SELECT EXISTS (SELECT FROM affsync.stream_state z WHERE z.source_id = $1::int"
    " AND z.stream = $2 AND z.full_wanted_after IS NOT NULL))";

// Since windows cut days in another way, their sums are other sums, though the broker has changed
// nothing: the first change of a row is not its doing either.
inline constexpr auto cut_anew_sql =
    "p.t_run <= (SELECT z.recut_after FROM affsync.stream_state z WHERE z.source_id = $1::int"
    " AND z.stream = $2)";

// What the record of a row that comes back says beside what it was: why it had gone, if that was
// our doing, and what counted of it then; then the broker gives nothing back. Of a row that holds
// the sums of a window whose days are cut in another way now, that it is another one. Of a row that
// went before the keys of its stream were changed, that it may have been there under another one
// meanwhile; so does the record of what it is changed to at the same time.
std::string back_by_us_sql(RecordTable const& table);

}  // namespace affsync::schema
