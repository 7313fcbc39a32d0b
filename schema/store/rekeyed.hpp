// Rows whose keys a connector makes in another way than before: the broker's row is stored twice,
// under the old key and under the new one.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>

#include "schema/store/store.hpp"

namespace affsync::schema {

// Marks the rows of the stream as deleted that a run up to `after` stored, and that are there again
// under another key: a later run has added a row that is equal in all that is kept of the broker's.
// The change says that what counted counts as before, so nothing was taken back. Returns how many
// rows of `table` and of other tables it marked.
struct Rekeyed {
  std::int64_t rows = 0, others = 0;
};
Rekeyed mark_rekeyed(pqxx::transaction_base& tx, PassClose const& pass, std::int64_t after);

}  // namespace affsync::schema
