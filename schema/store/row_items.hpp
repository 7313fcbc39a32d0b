// For which value of `for_each` a stored row was listed last (affsync.row_item): if a later pass
// does not ask for that value, it does not miss the row.
#pragma once

#include <pqxx/transaction_base>

#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Notes the values of a page's rows. A row that is listed for several values of the pass keeps the
// one that is known, so that a pass without a change writes nothing.
void note_items(pqxx::transaction_base& tx, PageWrite const& page);

// Returns what `row_item.item` is of the stored rows that the pass asks for, as the text of an
// array: each value, and several of one request if the pass asks for all of them.
std::string asked_items(pqxx::transaction_base& tx, StreamId const& id, AskedItems const& asked);

// Returns an SQL condition for the rows `t` that have one of these items, see asked_items(). $1 is
// the source, $2 the stream; adds to `params`. No row is among them whose value is not known.
std::string asked_items_sql(std::string const& items, SqlParams& params);

}  // namespace affsync::schema
