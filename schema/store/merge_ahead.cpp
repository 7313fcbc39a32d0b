#include "schema/store/merge_ahead.hpp"

#include <array>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "base/crash_point.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

// What became of one half.
struct Outcome {
  std::int64_t updated = 0;
  bool met_deleted = false;
};

struct Half {
  RowRefs rows;
  Outcome outcome;
};

// The two halves, and who has taken them. The other session may come when all is over: then it
// finds nothing to do.
class Halves {
 public:
  explicit Halves(RowRefs const& rows)
      : halves_{Half{{rows.begin(), middle_of(rows)}, {}},
                Half{{middle_of(rows), rows.end()}, {}}} {}

  // Returns the next half; nullptr if none is left.
  Half* take() {
    std::lock_guard lock(mutex_);
    return taken_ < halves_.size() ? &halves_[taken_++] : nullptr;
  }
  // To be called once for each half that was taken.
  void done(Half& half, Outcome const& outcome) noexcept {
    {
      std::lock_guard lock(mutex_);
      ++done_;
      half.outcome = outcome;
    }
    changed_.notify_all();
  }
  // Takes what nobody has taken, and waits for the rest.
  MergedAhead sum() {
    std::unique_lock lock(mutex_);
    auto const taken = std::exchange(taken_, halves_.size());
    changed_.wait(lock, [&] { return done_ == taken; });
    MergedAhead sum;
    for (auto const& half : halves_) {
      sum.updated += half.outcome.updated;
      sum.met_deleted |= half.outcome.met_deleted;
      if (half.outcome.updated == std::ssize(half.rows)) sum.whole.push_back(half.rows);
    }
    return sum;
  }

 private:
  static RowRefs::const_iterator middle_of(RowRefs const& rows) {
    return rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Half, 2> halves_;
  std::size_t taken_ = 0, done_ = 0;
};

// The write counts the same rows, but may never be committed.
void count_updated(pqxx::transaction_base& tx, RunKey const& run, std::int64_t updated) {
  exec(tx,
       "UPDATE affsync.sync_run SET updated = updated + $3::bigint"
       " WHERE source_id = $1::int AND run_id = $2::bigint AND started_at = $4::timestamptz",
       {std::to_string(run.id.source_id), std::to_string(run.run_id), std::to_string(updated),
        sql_time(run.started_at)});
}

// All that belongs to the rows' being stored is in one transaction with them: if the write is never
// committed, the next pass finds them unchanged. Whoever throws has changed nothing, or does not
// know it.
Outcome merge_half(PgSession& session, PageWrite const& page, RowRefs const& rows,
                   RunWrites& writes) {
  Transaction tx(session);
  share_fence(tx, page.run);
  auto const stored = merge_differing(session, tx, page, rows, writes);
  // The number of live rows stands in the row that both sessions hold, so neither can change it.
  if (stored.restored > 0) return {0, true};
  count_updated(tx, page.run, stored.updated);
  tx.commit();
  crash_point(CrashPoint::merged_ahead);
  return {stored.updated, false};
}

}  // namespace

void merge_ahead(PgSession& session, WithOtherSession const& with_other, PageWrite const& page,
                 RowRefs const& rows, RunWrites& writes, MergedAhead& merged) {
  auto const halves = std::make_shared<Halves>(rows);
  // What is a reference here is used only for a half that was taken, and sum() waits for these.
  with_other([halves, &page, &writes](PgSession& other) {
    auto* const half = halves->take();
    if (half == nullptr) return;
    // Not assigned to a variable: g++ lets a function write a value of a plain struct to its place
    // before the function throws.
    try {
      halves->done(*half, merge_half(other, page, half->rows, writes));
    } catch (...) {
      halves->done(*half, {});
      throw;  // the session may have to be replaced
    }
  });
  std::exception_ptr broken;
  while (auto* const half = broken ? nullptr : halves->take()) {
    try {
      halves->done(*half, merge_half(session, page, half->rows, writes));
    } catch (std::exception const&) {
      // The write meets the same fault, and treats it as it always does.
      if (!session.is_open()) broken = std::current_exception();
      halves->done(*half, {});
    }
  }
  merged = halves->sum();
  if (broken) std::rethrow_exception(broken);
}

}  // namespace affsync::schema
