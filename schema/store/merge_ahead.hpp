// Merges the changed rows of a large write with two sessions at once, before the write itself: to
// change a row takes PostgreSQL ten times as long as to find it unchanged, and a session has one
// process of the server.
//
// It only takes work off the write. The two merge in transactions of their own, and the write looks
// afterwards for what they merged, for one row if a transaction changed all that it was given, for
// each row otherwise: what was not merged, or was lost in a crash of the server, it merges itself.
// So the checkpoint never stands behind a row that is not stored. Both share the fence: another run
// that takes the stream waits for them, or they merge nothing. A half with a row that was marked as
// deleted is left to the write as a whole.
#pragma once

#include <cstdint>
#include <functional>

#include "schema/store/row_merge.hpp"

namespace affsync::schema {

// Runs work on another session, if one becomes free; may also never run it.
using WithOtherSession = std::function<void(std::function<void(PgSession&)>)>;

// From so many changed rows on.
constexpr std::int64_t least_merged_ahead = 1000;

// `rows`: differ from what is stored, and belong to one record table. Blocking. Sets `merged` to
// what was merged, as far as is known, once neither session works on it: the time limit of a
// statement bounds that, as it does without the other session. Throws what broke `session`, if it
// is broken.
void merge_ahead(PgSession& session, WithOtherSession const& with_other, PageWrite const& page,
                 RowRefs const& rows, RunWrites& writes, MergedAhead& merged);

}  // namespace affsync::schema
