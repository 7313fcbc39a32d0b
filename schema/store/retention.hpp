// Removes expired entries of data that grows with time alone: the log of runs, resolved rows of the
// quarantine, and alerts that are over with their messages. Never removes the last run of a stream,
// an open row, money or its history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace affsync::schema {

class PgSession;

// How long to keep an entry after its end; nullopt: forever.
struct Retention {
  std::optional<Duration> runs;
  std::optional<Duration> quarantine;
  std::optional<Duration> alerts;
  Retention() = default;
};

struct Pruned {
  std::int64_t runs = 0;
  std::int64_t quarantine = 0;
  std::int64_t alerts = 0;       // with the messages about them
  std::int64_t months_made = 0;  // partitions created in advance
  Pruned() = default;
};

// Counts what prune_some would remove in all, by the database's clock. Writes nothing.
Pruned count_prunable(PgSession& session, Retention const& retention);

// Removes a part of it in one short transaction, so that other transactions do not wait. Nothing is
// left to remove if `runs`, `quarantine` and `alerts` of the result are zero.
Pruned prune_some(PgSession& session, Retention const& retention);

// Makes the partitions of the months to come, and drops those of runs that are empty by now.
// Returns how many it has made. Others have to wait meanwhile, so it is called once, after the
// removal.
std::int64_t keep_months(PgSession& session);

// Returns true for the first caller of a day among all daemons.
bool claim_for_today(PgSession& session, std::string const& task);

}  // namespace affsync::schema
