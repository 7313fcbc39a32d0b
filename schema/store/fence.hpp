// What makes sure that only a stream's latest run writes, and that a run knows whether its last
// transaction arrived.
//
// stream_state.run_id names the run that may write. stream_state.writes counts its transactions:
// when a connection breaks during a commit, the counter tells on the next connection whether the
// commit arrived; when the server crashed and lost commits that it had confirmed (they are
// asynchronous), the counter is behind and the run has to end and resume from the checkpoint.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "schema/store/store.hpp"

namespace affsync::schema {

// One run's writes, as this process knows them. Its mutex is held during each of them.
struct RunWrites {
  std::mutex mutex;
  std::optional<std::int64_t> count;  // nullopt: this process has not written for it yet
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
  bool has_quarantine = false;  // rows of the stream are put aside and not resolved
};

// Locks the stream's state row until the transaction ends. Throws Failure lease_lost when another
// run has begun.
FenceState enter_fence(pqxx::transaction_base& tx, RunKey const& run);

// One write of one run that may be attempted twice. Before the first attempt's commit it remembers
// what the counter will be.
class FencedWrite {
 public:
  explicit FencedWrite(RunWrites& writes) : writes_(writes) {}
  // True when an earlier attempt's commit has arrived after all: nothing is left to do. Throws
  // Failure database_unavailable when commits were lost.
  bool already_done(FenceState const& state);
  void committed(FenceState const& state) { writes_.count = state.writes + 1; }

 private:
  RunWrites& writes_;
  std::optional<std::int64_t> attempted_;  // the counter before the first attempt
};

}  // namespace affsync::schema
