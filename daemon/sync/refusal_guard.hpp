// Prevents repeated attempts with refused credentials. Each refusal blocks the source for a pause
// that grows with the refusals in a row. The database shares the block with all processes. Changed
// credentials or a request for a new try end it at once. Use it from the I/O thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/async/sleeper.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/sync/observer.hpp"
#include "schema/store/source_block.hpp"

namespace affsync::sync {

namespace asio = boost::asio;

// Returns how long a source is blocked after `refusals` refusals in a row. Logins pause for longer:
// a broker may lock an account after failed logins, while a wrong key only fails.
Duration pause_after(int refusals, bool is_login);

class RefusalGuard {
 public:
  // `workers`: make the slow hash of the credentials; nullptr: the I/O thread does.
  RefusalGuard(engine::SourcePlan const& plan, Clock& clock, async::Sleeper& sleeper,
               Observer& observer, async::Workers* workers, Logger log);

  // Sets the store that keeps the block. Without one (nullptr), the block lives only in this
  // object.
  void keep_in(schema::BlockStore* store, schema::BlockKey key);

  // The credentials may be others than those that the source is read with. If the source has ever
  // worked, a refusal of theirs holds back the next trial only.
  void only_try() {
    only_tries_ = true;
    key_.of_trial = true;
  }

  // Returns why nothing may be sent now; `where` and `code` are those of the refusal. Reads memory
  // only.
  std::optional<Error> active_block_error() const;
  // Loads the block from the database, then returns active_block_error().
  asio::awaitable<std::optional<Error>> check_database_block();
  std::optional<TimePoint> until() const;

  // True if the pause of a block is over or the user asked for a new try. Then requests go out one
  // at a time until one is accepted or refused.
  bool on_probation() const { return block_ && !active_block_error(); }
  // True if the credentials worked before, so that one refusal may be an accident.
  bool worked_before() const { return worked_; }

  // Records a refusal: stores the block and adds its end to the hint of `error`.
  asio::awaitable<void> refused(Error& error);
  // How many refusals were recorded here. If it has grown since a request was sent, a refusal of
  // that request is one of those: the broker was asked with what it had refused already.
  int recorded() const { return recorded_; }
  // Records a success: removes the block.
  asio::awaitable<void> accepted();
  // Blocks the source for `pause`, because the broker asks for a longer wait than a run can make.
  // Does not count as a refusal.
  asio::awaitable<void> block_for(Error const& error, Duration pause);
  // True if the block was made by block_for().
  bool held() const { return block_ && block_->code == to_string(ErrorCode::throttled); }
  // True if the database blocks the source because of other credentials.
  bool others_are_blocked() const { return others_block_; }
  // Our clock minus the database's, at the last check of the database.
  std::optional<Duration> database_skew() const { return database_skew_; }
  // The user asks for a new try: the present block no longer applies, but still lengthens the next
  // pause.
  void try_anyway() { try_anyway_ = retry_requested_ = true; }
  // True if a new try was requested at some time, whatever its result.
  bool retry_requested() const { return retry_requested_; }
  // Removes the block, in the database too. For a reload.
  asio::awaitable<void> forget();
  // The same without the database, whose block the caller removes.
  void forget_here();

  // Takes the lease of logins with these credentials, so that only one process logs in at a time.
  // Waits up to a minute for another process; then, or if the database fails, returns nullptr and
  // the caller logs in anyway.
  asio::awaitable<std::unique_ptr<schema::Lease>> login_turn();

 private:
  Error held_back() const;
  std::string advice(TimePoint until) const;
  asio::awaitable<void> keep(schema::SourceBlock block, bool goes_on);
  void take(std::optional<schema::SourceBlock> block);
  asio::awaitable<std::string> own_hash() const;
  asio::awaitable<bool> is_ours(std::string hash) const;
  // Counts a change of the block until the database has it, or has failed.
  class Unsaved;
  void tell() const;

  engine::SourcePlan const& plan_;
  Clock& clock_;
  async::Sleeper& sleeper_;
  Observer& observer_;
  async::Workers* workers_;
  Logger log_;
  bool is_login_;
  schema::BlockStore* store_ = nullptr;
  schema::BlockKey key_;
  std::optional<schema::SourceBlock> block_;  // the block of these credentials
  TimePoint over_at_{};                       // end of block_ by our clock
  TimePoint deaf_until_{};                    // the database failed: do not ask it before
  std::string place_;                         // the request that was refused
  std::string other_hash_;                    // a hash known to belong to other credentials
  bool others_block_ = false;                 // the database blocks other credentials
  bool given_back_ = false;                   // another process removed our block
  int carried_ = 0;                           // refusals that the removed block counted
  int recorded_ = 0;                          // refusals
  int changes_ = 0;                           // of block_, made here
  int unsaved_ = 0;                           // changes that the database may not have yet
  std::optional<Duration> database_skew_;
  bool only_tries_ = false;
  bool try_anyway_ = false;
  bool retry_requested_ = false;
  bool worked_ = false;
};

}  // namespace affsync::sync
