// Interprets the parameters of the Wintrado lists.
#pragma once

#include <functional>
#include <memory>

#include "tests/sandbox/list_page.hpp"
#include "tests/sandbox/wintrado/customers.hpp"

namespace affsync::sandbox::wintrado {

using Texts = std::vector<std::string>;

// Reads limit and offset. A limit above `most` is reduced silently. Errors go to `problems`.
PageWindow read_window(Query const& query, std::size_t usual, std::size_t most, Texts& problems);

// Reads order and statuses, as the ledger and the payout requests accept them. `states`: the known
// values. Returns nullptr if there are problems.
std::shared_ptr<Selection const> select_by_state(
    Feed const& feed, Query const& query, Texts const& states,
    std::function<std::string_view(Handle)> const& state_of, SelectionCache& cache,
    Texts& problems);

// Reads orderBy, search, externalId, sources, updatedSince and updatedTo. With `shuffle`, rows
// equal in orderBy come in an order that depends on its value, as in a database. Returns nullptr if
// there are problems.
std::shared_ptr<Selection const> select_customers(Customers const& customers, Query const& query,
                                                  std::optional<std::uint64_t> shuffle,
                                                  SelectionCache& cache, Texts& problems);

}  // namespace affsync::sandbox::wintrado
