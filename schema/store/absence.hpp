// Stored rows that a pass did not find. Each slice records the rows that it missed; the end of the
// pass decides about all of them together. At most a few thousand keys are in memory at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "schema/store/fence.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/scope.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// SQL expressions for the time of the row `t`: not before `earliest`, not after `latest`. Empty if
// the table has no time. A row with only a day covers the whole day.
struct AgeSql {
  std::string earliest, latest;
};
AgeSql age_sql(RecordTable const& table, bool in_windows);

// How far a row must be from the first day that a broker keeps before that day decides about it:
// the broker may count its days in another time zone, and by the hour.
constexpr auto keeps_margin = std::chrono::days(2);

// Every list is taken to show this much at least, unless `keeps` says less: where nothing else
// tells whether a row vanished or became too old.
constexpr auto always_listed = std::chrono::days(14);

// Keys that one statement takes or gives.
constexpr std::size_t keys_at_once = 10'000;

struct Missed {
  std::int64_t missed = 0;          // rows that should have been seen, counted once per pass
  std::int64_t kept = 0;            // rows too old to decide about
  bool noted = false;               // some of them are now in affsync.absence
  std::optional<TimePoint> oldest;  // time of the oldest row that the slice saw
};

// Returns the time of the oldest row of a slice whose rows were all seen; nullopt if the pass has
// seen older ones.
std::optional<TimePoint> oldest_seen(pqxx::transaction_base& tx, SliceClose const& slice,
                                     Scope const& scope, PassState const& pass);

// Compares the live rows of the scope with the keys that the slice saw. `all`: the scope is the
// whole stream. Records at most `most` rows, which is more than could ever be marked.
Missed note_missed(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope,
                   PassState const& pass, bool all, std::int64_t most);

// Removes records of missed rows that were seen again. After a restart the seen keys are
// incomplete, so this removes all records of earlier passes that are of the slice's rows (`scope`);
// those of other slices wait for these. `whole_stream`: there are no others. Returns how many of
// them this pass had counted as missed: a slice may bring what the one before it missed.
std::int64_t forget_seen(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope,
                         PassState const& pass, bool whole_stream);

// Returns an SQL condition for the rows `t` that this pass recorded as missed. Adds to `params`.
std::string noted_sql(SliceClose const& slice, PassState const& pass, SqlParams& params);

// Returns an SQL condition for the rows that the broker's totals do not include: rows that this
// pass missed, and rows older than `pass.oldest`. Adds its parameters to `params`.
std::string out_of_sight_sql(SliceClose const& slice, PassState const& pass, bool any_noted,
                             SqlParams& params);

}  // namespace affsync::schema
