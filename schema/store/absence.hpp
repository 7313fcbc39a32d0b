// Rows that a pass did not find. Each slice notes those that it missed; at the end of the pass they
// are judged together. Nothing here holds more than a few thousand keys at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// A condition on the rows `t` of a record table, and its parameters: $1 is the source, $2 the
// stream.
struct Scope {
  std::string condition;
  SqlParams params;
};

// What is known of the pass that the stream is in; see affsync.stream_state.
struct PassState {
  std::int64_t pass_run_id = 0;
  std::optional<Day> covered_to;
  std::optional<TimePoint> oldest;
  std::int64_t missed = 0, kept = 0;
  std::int64_t live_rows = 0;
};
PassState read_pass(pqxx::transaction_base& tx, StreamId const& id);

// When a row happened, as SQL of the row `t`: not before `earliest`, not after `latest`. Empty
// where the table does not say. A row of which only the day is known lasts the whole day.
struct AgeSql {
  std::string earliest, latest;
};
AgeSql age_sql(RecordTable const& table, bool in_windows);

struct Missed {
  std::int64_t missed = 0;          // should have been seen, counted once for each pass
  std::int64_t kept = 0;            // too old to be judged
  bool noted = false;               // some of them stand in affsync.absence now
  std::optional<TimePoint> oldest;  // of the rows that the slice has seen
};

// Compares the live rows of the scope with the keys that the slice saw. `all`: it is the whole
// stream. At most `most` rows are noted, which is more than could ever be marked.
Missed note_missed(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope,
                   PassState const& pass, bool all, std::int64_t most);

// Forgets rows that were missed before and are there again. After a restart it is not known what
// was seen: then all is forgotten that earlier passes missed.
void forget_seen(pqxx::transaction_base& tx, SliceClose const& slice, PassState const& pass);

// SQL that holds for the rows `t` that this pass has noted as missed. Adds to `params`.
std::string noted_sql(SliceClose const& slice, PassState const& pass, SqlParams& params);

// SQL that holds for the rows of the scope that the broker's totals do not speak of: those that
// this pass missed, and those from before `pass.oldest`. Adds its parameters to `params`.
std::string out_of_sight_sql(SliceClose const& slice, PassState const& pass, bool any_noted,
                             SqlParams& params);

}  // namespace affsync::schema
