// Which rows that a slice did not bring are only too old for the broker's list: these have not
// vanished. Blocking; used in the transaction that closes a slice which replaces its rows.
#pragma once

#include <pqxx/transaction_base>

#include <optional>
#include <string>
#include <vector>

#include "schema/store/fence.hpp"
#include "schema/store/scope.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// True if the broker lists rows that are older than the slice's days, or is known to keep them.
bool lists_older_days(SliceClose const& slice, PassState const& pass);

struct AgedRows {
  std::vector<std::string> keys;
  std::optional<TimePoint> oldest;  // time of the oldest row that the slice saw
};

// Takes out of `unseen` the keys of the rows that may be gone because of their age. `asked`: the
// rows that the slice can miss, of which `unseen` are; `scope`: all live rows of its days.
AgedRows take_aged(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& asked,
                   Scope const& scope, PassState const& pass, std::vector<std::string>& unseen);

}  // namespace affsync::schema
