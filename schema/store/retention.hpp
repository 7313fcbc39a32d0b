// What time alone piles up, and for how long it is kept: the log of runs, and rows of the
// quarantine that were resolved. Never the last run of a stream, an open row, money or its history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace affsync::schema {

class PgSession;

// How long after its end something is kept; nullopt: for ever.
struct Retention {
  std::optional<Duration> runs;
  std::optional<Duration> quarantine;
  Retention() = default;
};

struct Pruned {
  std::int64_t runs = 0;
  std::int64_t quarantine = 0;
  std::int64_t months_made = 0;  // of affsync.record_change, ahead
  Pruned() = default;
};

// What prune_some would remove in all, counted by the database's clock. Writes nothing.
Pruned count_prunable(PgSession& session, Retention const& retention);

// Removes a part of it in one transaction, short enough to be in nobody's way; nothing in the
// result but months: there is no more.
Pruned prune_some(PgSession& session, Retention const& retention);

// True for the first caller of a day, whichever daemon it is in.
bool claim_for_today(PgSession& session, std::string const& task);

}  // namespace affsync::schema
