// The history of every stored row, gone through backwards: whether what is stored now follows from
// its change records.
#pragma once

namespace affsync::test {

// Statements for one session of the program's database; the last one gives a line of text for each
// contradiction, and none when all is explained:
//   - a row has as many change records as its revision says, less one, and the latest of them was
//     made when and by whom the row says;
//   - what a change record calls the state after it is what comes before the next one (or is stored
//     now), in every column that it names, and in every member of raw where it names those;
//   - at its first revision no row was marked as vanished.
extern char const* const change_replay_sql;

}  // namespace affsync::test
