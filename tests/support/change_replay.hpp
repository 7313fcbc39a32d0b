// Replays the change records of every stored row backwards and checks that the stored state follows
// from them.
#pragma once

namespace affsync::test {

// SQL statements for one session on the program's database. The last statement returns one line of
// text per contradiction and no line if there is none. It checks that:
//   - a row has one change record fewer than its revision, and the newest record has the row's
//     changed_at and run_id;
//   - the "after" state of a change record equals the "before" state of the next one (or the stored
//     state), in every column and every member of raw that the record names;
//   - no row was marked as deleted at its first revision.
extern char const* const change_replay_sql;

}  // namespace affsync::test
