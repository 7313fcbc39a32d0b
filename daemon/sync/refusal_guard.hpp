// Keeps a source from trying refused credentials again and again: after a refusal it is left alone
// for a pause that grows, told to every process through the database, and over at once with other
// credentials or when somebody asks for a new try. Used from the I/O thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/async/sleeper.hpp"
#include "daemon/sync/observer.hpp"
#include "schema/store/source_block.hpp"

namespace affsync::sync {

namespace asio = boost::asio;

// How long a source is left alone after so many refusals in a row. A login is guarded by people and
// may be locked; a key only fails.
Duration pause_after(int refusals, bool is_login);

class RefusalGuard {
 public:
  RefusalGuard(engine::SourcePlan const& plan, Clock& clock, async::Sleeper& sleeper,
               Observer& observer, Logger log);

  // Without a store it remembers for its own life only. nullptr: none (any more).
  void keep_in(schema::BlockStore* store, schema::BlockKey key);

  // Why nothing may be sent now; `where` and `code` are the refusal's. From memory alone.
  std::optional<Error> standing() const;
  // The same after a look at the database.
  asio::awaitable<std::optional<Error>> look();
  std::optional<TimePoint> until() const;

  // A block stood and its pause is over, or somebody asked for a new try: one request at a time
  // until it is clear which way it goes.
  bool on_probation() const { return block_ && !standing(); }
  // The credentials were good at some time, so that one refusal may be an accident.
  bool worked_before() const { return worked_; }

  // The broker refused: writes the block, and adds to the error until when it stands.
  asio::awaitable<void> refused(Error& error);
  // The broker let us in: takes the block away.
  asio::awaitable<void> accepted();
  // The broker asks to be left alone for longer than a run can wait: noted like a refusal, without
  // counting as one.
  asio::awaitable<void> hold(Error const& error, Duration pause);
  bool held() const { return block_ && block_->code == to_string(ErrorCode::throttled); }
  // Our clock less the database's, when it was looked at last.
  std::optional<Duration> database_skew() const { return database_skew_; }
  // Somebody asks for a new try: the block of before counts no more, but for the length of the next
  // pause.
  void try_anyway() { try_anyway_ = retry_requested_ = true; }
  // A new try was requested at some time, whatever became of it.
  bool retry_requested() const { return retry_requested_; }
  // A reload: forgotten, in the database too.
  asio::awaitable<void> forget();

  // The only login of these credentials at this moment, of all processes. Waits for another one to
  // end, for a while.
  asio::awaitable<std::unique_ptr<schema::Lease>> login_turn();

 private:
  Error held_back() const;
  std::string advice(TimePoint until) const;
  asio::awaitable<void> keep(schema::SourceBlock block, bool goes_on);
  void take(std::optional<schema::SourceBlock> block);
  void tell() const;

  engine::SourcePlan const& plan_;
  Clock& clock_;
  async::Sleeper& sleeper_;
  Observer& observer_;
  Logger log_;
  bool is_login_;
  schema::BlockStore* store_ = nullptr;
  schema::BlockKey key_;
  std::optional<schema::SourceBlock> block_;  // of these credentials
  TimePoint over_at_{};                       // its end by our clock
  TimePoint deaf_until_{};                    // the database did not answer a moment ago
  std::string place_;                         // of the request that was refused
  std::string other_hash_;                    // known to be of other credentials
  bool others_block_ = false;                 // the database has one of other credentials
  bool given_back_ = false;                   // another process took our block away
  int carried_ = 0;                           // refusals of ours that went with it
  std::optional<Duration> database_skew_;
  bool try_anyway_ = false;
  bool retry_requested_ = false;
  bool worked_ = false;
};

}  // namespace affsync::sync
