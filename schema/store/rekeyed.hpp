// Rows whose keys a connector makes in another way than before: the broker's row is stored twice,
// under the old key and under the new one.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <string>
#include <vector>

#include "schema/store/fence.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Marks the rows of the stream as deleted that were stored before the keys changed
// (PassState::rekeyed_after), and that are there again under another key. In the stream's own table
// such a row is one that the pass has missed; of a further table, which no pass looks through, any
// that no run has written since.
//
// A row is recognized by its columns and what is kept of the broker's row, without what is personal
// or differs at each reading: first by all of it, then by the columns alone, by `raw` alone
// (another mapping may have come with the keys), by the columns that no person is read into
// (another privacy setting may have), and at last by those members of `raw` that are kept before
// and after. The broker's rows may be equal in all of that, so in each of these turns as many go as
// came: each row that came stands for one of each kind of keys. Where only a part is compared, as
// in the last two, none goes unless as many are missed as came.
//
// A row whose key is as a mapping of the stream still makes it is none of these, though one of
// another mapping may have come beside it.
//
// If mappings were taken out as well, the rows that these made go too, after a whole pass over all
// rows.
//
// The change says that what counted counts as before, so nothing was taken back. Returns how many
// rows of `table` and of other tables it marked.
struct Rekeyed {
  std::int64_t rows = 0, others = 0;
  std::int64_t missed = 0;  // of all these, rows that the pass had recorded as missed
};
Rekeyed mark_rekeyed(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known);

// Keys of rows of the table that the pass has missed, and of whose row of the broker's no other one
// was made under the keys of before: which of several mappings made it, only its key would tell.
std::vector<std::string> missed_and_made_alone(pqxx::transaction_base& tx, PassClose const& pass,
                                               PassState const& known, RecordTable const& table);

// After a file: notes that no row is left that was stored before the keys changed, if that is so.
void settle_rekeyed(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known);

}  // namespace affsync::schema
