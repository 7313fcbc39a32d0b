// Leaves out of a page the rows that are known to be stored as they are. What is left of several
// pages then fits into one transaction, and into the memory of one. Asks the database nothing.
#pragma once

#include "schema/store/fence.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Counts the rows as repeated. If more than `most_rows_left` would be left, leaves the page as it
// is. With the mutex of `writes` held.
void leave_out_known(PageWrite& page, RunWrites& writes);

}  // namespace affsync::schema
