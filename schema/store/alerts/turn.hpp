// Who judges, and who takes messages: one at a time among all daemons.
#pragma once

#include <string>

#include "schema/store/transaction.hpp"

namespace affsync::schema {

// Takes the turn until the transaction ends. Returns false if another one has had it for three
// seconds; then the transaction has failed, and is of no more use. `table`: the one whose lock is
// the turn, which autovacuum leaves after a second. Not an advisory lock: whoever may only read
// could hold that, and keep all alerts silent.
bool take_turn(Transaction& tx, std::string const& table);

}  // namespace affsync::schema
