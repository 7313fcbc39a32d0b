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

// Returns an SQL condition for the rows `t` whose value is one of these. $1 is the source, $2 the
// stream; adds to `params`. No row is among them whose value is not known.
std::string asked_items_sql(AskedItems const& asked, SqlParams& params);

}  // namespace affsync::schema
