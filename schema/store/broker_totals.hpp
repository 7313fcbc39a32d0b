// What a broker says of all rows of a slice, beside the rows that are stored. Blocking; used in the
// transaction that closes the slice.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <optional>

#include "schema/store/scope.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Returns the number of rows of the slice's table that are in the scope.
std::int64_t count_rows(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope);

// Limits the scope to rows so young that every list shows them, without the last day of the slice:
// its last moment may come with the next one. Returns whether it has any.
bool limit_to_listed(pqxx::transaction_base& tx, SliceClose const& slice, Scope& scope);

// Compares one total with the rows of the scope and those listed beside it, as numeric, so that no
// digit is lost, and stores the comparison. `known`: quarantined rows that the broker counts and a
// user has accepted. `count`: the rows of the scope, if they are counted already. Returns how the
// two differ; nullopt if they do not.
std::optional<SliceClosed::Difference> compare_total(pqxx::transaction_base& tx,
                                                     SliceClose const& slice, Scope const& scope,
                                                     TotalToCompare const& total,
                                                     std::int64_t known,
                                                     std::optional<std::int64_t> count);

}  // namespace affsync::schema
