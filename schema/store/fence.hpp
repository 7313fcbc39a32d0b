// Ensures that only the latest run of a stream writes, and that a run knows whether its last
// transaction was committed.
//
// stream_state.run_id is the run that may write, and run_token tells it from another with the same
// number, which a promoted standby may give out again. stream_state.writes counts its transactions.
// If a connection breaks during a commit, the counter shows on the next connection whether the
// commit succeeded. If the server crashed and lost confirmed commits (commits are asynchronous),
// the counter is lower than expected, and the run must end and resume from the checkpoint.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "schema/store/known_rows.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Rows that may have been stored under another mapping: those that no run after `after` has
// written, but for those that none after `recut` has written either, see PassState::recut_after.
struct RowsBefore {
  std::int64_t after = 0, recut = -1;
};

// The writes of one run by this process. The mutex is held during each write.
struct RunWrites {
  explicit RunWrites(std::shared_ptr<RowAllowance> allowance = all_rows_of_a_process())
      : known(std::move(allowance)) {}
  std::mutex mutex;
  std::optional<std::int64_t> count;  // nullopt: this process has not written for the run yet
  KnownRows known;
  // Tables of which the last page was new from its first row to its last. The next one is then
  // copied without asking for its keys; if the primary key refuses a row, the page is written again
  // and the table goes to `mixed` for the rest of the run.
  std::set<std::string_view> all_new, mixed;
  // Whether the stream has rows of this table in affsync.unknown_row; asked for once a run.
  std::map<std::string_view, bool> has_unknown;
  bool counted = false;                 // live_rows was set by a slice that is the whole stream
  std::int64_t updated_last = 0;        // rows that the last write changed
  bool merges_ahead = true;             // none of the rows so far was marked as deleted
  bool has_quarantine = true;           // of the stream, after the last write; before it, perhaps
  bool copies_text = false;             // a row was not in affsync's own form; see NoBinaryForm
  std::int64_t pages_with_changes = 0;  // see is_sampled()
  std::optional<RowsBefore> before;     // all rows of the stream are read again, since then
};

class RunRegistry {
 public:
  std::shared_ptr<RunWrites> of(std::int64_t run_id);
  void forget(std::int64_t run_id);

 private:
  std::shared_ptr<RowAllowance> allowance_ = all_rows_of_a_process();
  std::mutex mutex_;
  std::map<std::int64_t, std::shared_ptr<RunWrites>> runs_;
};

// The state of the stream's current pass; see affsync.stream_state.
struct PassState {
  std::int64_t pass_run_id = 0;
  std::optional<Day> covered_to;
  std::optional<TimePoint> oldest;
  std::int64_t missed = 0, kept = 0;
  std::int64_t live_rows = 0;
  // The last run before keys were made in another way. For a file beside an API also if the API's
  // rows are no longer under the old ones.
  std::optional<std::int64_t> rekeyed_after;
  // The same of the first such change that no pass has followed to its end.
  std::optional<std::int64_t> rekeyed_since;
  std::int64_t rekeyed_by = 0;                // the run that marked rows for that; 0: none
  std::optional<std::int64_t> retaken_after;  // the last run before `where` was another
  std::optional<std::int64_t> recut_after;    // the last run before windows cut days in another way
  std::optional<std::int64_t> wanted_after;   // the last run before all rows had to be read again
  std::optional<std::int64_t>
      unmade_after;  // the last run before mappings or their tables were others
  // The pass since which rows that have vanished are not marked, because they are too many.
  std::optional<std::int64_t> held_since;
  std::int64_t held_rows = 0;
};

struct FenceState {
  std::int64_t writes = 0;
  bool has_quarantine = false;  // the stream has quarantined rows that are not resolved
  PassState pass{};
};

// Locks the stream's state row until the transaction ends. Throws Failure lease_lost if another run
// has begun.
FenceState enter_fence(pqxx::transaction_base& tx, RunKey const& run);

// The same for a transaction beside others of the same run, which does not count as a write:
// another run that wants to begin waits for all of them.
void share_fence(pqxx::transaction_base& tx, RunKey const& run);

// One write of one run that may be attempted twice. It remembers the counter from before the first
// attempt.
class FencedWrite {
 public:
  explicit FencedWrite(RunWrites& writes) : writes_(writes) {}
  // Returns true if an earlier attempt was committed after all, so that nothing is left to do.
  // Throws Failure database_unavailable if the server lost commits.
  bool already_done(FenceState const& state);
  void committed(FenceState const& state) { writes_.count = state.writes + 1; }

 private:
  RunWrites& writes_;
  std::optional<std::int64_t> attempted_;  // the counter before the first attempt
};

}  // namespace affsync::schema
