// Owns everything the daemon runs: starts each stream when it is due, never twice at once, takes a
// new set of streams at a reload, and ends all in order.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/async/task_group.hpp"
#include "daemon/sync/scheduler.hpp"
#include "daemon/sync/stream_run.hpp"

namespace affsync::sync {

class Supervisor {
 public:
  Supervisor(asio::any_io_executor executor, RunParts parts, std::function<double()> random,
             Logger log);

  // Takes the place of the earlier set. A run whose stream is gone or belongs to another session
  // now (its source's configuration changed) is cancelled; the others go on.
  void set_tasks(std::vector<StreamTask> tasks);

  // Schedules until cancelled (terminal); then cancels all runs and returns when they have ended.
  asio::awaitable<void> run();

  // Distance of two runs of a stream, for readiness; nullopt for one that is not scheduled.
  std::optional<std::chrono::seconds> interval(std::string const& source,
                                               std::string const& stream) const;

 private:
  struct Slot {
    StreamTask task;
    async::TaskGroup::TaskPtr run;  // the latest one; null before the first
    bool running = false;           // from its start until its next time is known
    int outages = 0;                // runs in a row that the database's absence ended
  };
  using SlotPtr = std::shared_ptr<Slot>;

  void start_due();
  void look_at_all(TimePoint now);
  asio::awaitable<void> run_slot(SlotPtr slot);
  TimePoint next_time(Slot const& slot, RunReport const& report) const;
  std::optional<std::size_t> index_of(SlotPtr const& slot) const;

  asio::any_io_executor executor_;
  RunParts parts_;
  std::function<double()> random_;
  Logger log_;
  std::vector<SlotPtr> slots_;
  Scheduler scheduler_{0};
  async::TaskGroup runs_;
  asio::steady_timer wake_;
  TimePoint looked_at_{};  // the clock, when it was looked at last
};

}  // namespace affsync::sync
