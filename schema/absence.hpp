// Rows that a sweep missed although nothing proves that it was complete: they are remembered, and
// given up only when the next sweep misses them too.
#pragma once

#include <string>
#include <vector>

#include "schema/pg_session.hpp"
#include "schema/store.hpp"

namespace affsync::schema {

// Takes the live rows that this sweep of the slice did not see, and gives those among them that the
// sweep before did not see either. Forgets those that were seen again.
std::vector<std::string> missed_twice(pqxx::transaction_base& tx, SliceClose const& slice,
                                      std::vector<std::string> const& missed);

}  // namespace affsync::schema
