// What stands in the place of vanished rows whose keys are made of their content. Such a row that
// changes comes as a new one, and the old one vanishes: only both together tell whether money was
// taken back.
#pragma once

#include <pqxx/transaction_base>

#include <optional>
#include <string>
#include <vector>

#include "schema/store/own_doing.hpp"
#include "schema/store/replacing.hpp"

namespace affsync::schema {

// Parts of the change records of the rows that vanish, in the order of Unseen::keys. Nothing for a
// row in whose place nothing came: it has vanished like any other.
struct CameInstead {
  std::vector<std::optional<std::string>> before, after;  // JSON; empty if nothing came for any row
  // Rows that had vanished before, and came back in the place of others.
  std::vector<std::string> returned;
};

// Sets what vanishes against what came new since the slice was last as the broker has it: within
// one day, currency, client and kind. Money that counts is compared, so what came as rejected is 0.
// A row that moved to another of these is one that vanished and one that came, since nobody can
// tell it from a loss and a gain that have nothing to do with each other.
CameInstead find_what_came(pqxx::transaction_base& tx, SliceClose const& slice,
                           Unseen const& unseen, Scope const& scope, PassState const& pass);

// Returns the first run whose new rows the stored days never stood without. It is that of the pass;
// or if a pass before left some of these days in doubt, the first one after the last that succeeded
// before that; or if runs before it did not come to their end, the first of them. What such runs
// stored stands beside what it takes the place of.
std::string first_new_run(pqxx::transaction_base& tx, SliceClose const& slice,
                          PassState const& pass);

// Returns how many of the vanished rows are no loss because of what runs before the pass stored in
// doubt: rows that came and went in doubt, and as many of a day as came to that day in doubt and
// are still there. 0 for tables without money.
std::int64_t came_in_doubt(pqxx::transaction_base& tx, SliceClose const& slice,
                           std::vector<std::string> const& gone, Scope const& scope,
                           PassState const& pass);

// Notes that the return of these rows is no change of money, which that of the vanished rows tells.
void note_returned(pqxx::transaction_base& tx, OwnDoing const& of,
                   std::vector<std::string> const& keys);

}  // namespace affsync::schema
