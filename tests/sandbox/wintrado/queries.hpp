// What the parameters of the Wintrado lists ask for.
#pragma once

#include <functional>
#include <memory>

#include "tests/sandbox/list_page.hpp"
#include "tests/sandbox/wintrado/customers.hpp"

namespace affsync::sandbox::wintrado {

using Texts = std::vector<std::string>;

// limit and offset; a larger limit than `most` is cut silently. What is wrong goes to `problems`.
PageWindow read_window(Query const& query, std::size_t usual, std::size_t most, Texts& problems);

// order and statuses, as the ledger and the payout requests take them. `states`: the values that
// there are. nullptr when there are problems.
std::shared_ptr<Selection const> select_by_state(
    Feed const& feed, Query const& query, Texts const& states,
    std::function<std::string_view(Handle)> const& state_of, SelectionCache& cache,
    Texts& problems);

// orderBy, search, externalId, sources, updatedSince and updatedTo. With `shuffle` rows of the same
// order stand in another one for each value of it, as in a database. nullptr when there are
// problems.
std::shared_ptr<Selection const> select_customers(Customers const& customers, Query const& query,
                                                  std::optional<std::uint64_t> shuffle,
                                                  SelectionCache& cache, Texts& problems);

}  // namespace affsync::sandbox::wintrado
