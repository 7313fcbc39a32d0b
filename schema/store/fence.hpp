// Ensures that only the latest run of a stream writes, and that a run knows whether its last
// transaction was committed.
//
// stream_state.run_id is the run that may write. stream_state.writes counts its transactions. If a
// connection breaks during a commit, the counter shows on the next connection whether the commit
// succeeded. If the server crashed and lost confirmed commits (commits are asynchronous), the
// counter is lower than expected, and the run must end and resume from the checkpoint.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "schema/store/store.hpp"

namespace affsync::schema {

// The writes of one run by this process. The mutex is held during each write.
struct RunWrites {
  std::mutex mutex;
  std::optional<std::int64_t> count;  // nullopt: this process has not written for the run yet
};

class RunRegistry {
 public:
  std::shared_ptr<RunWrites> of(std::int64_t run_id);
  void forget(std::int64_t run_id);

 private:
  std::mutex mutex_;
  std::map<std::int64_t, std::shared_ptr<RunWrites>> runs_;
};

struct FenceState {
  std::int64_t writes = 0;
  bool has_quarantine = false;  // the stream has quarantined rows that are not resolved
};

// Locks the stream's state row until the transaction ends. Throws Failure lease_lost if another run
// has begun.
FenceState enter_fence(pqxx::transaction_base& tx, RunKey const& run);

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
