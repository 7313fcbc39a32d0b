// Runs the daemon's streams: starts each one when it is due and there is a place for it, never
// twice at the same time, replaces the set of streams at a reload, and cancels all runs at the end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/async/event.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/sync/run_places.hpp"
#include "daemon/sync/scheduler.hpp"
#include "daemon/sync/stream_run.hpp"

namespace affsync::sync {

class Supervisor {
 public:
  // `most_runs`: how many runs may go on at once.
  Supervisor(asio::any_io_executor executor, RunParts parts, std::size_t most_runs,
             std::function<double()> random, Logger log);

  // Replaces the set of streams; each is started when it is due according to its task. Cancels a
  // run if its stream is gone or now belongs to another session (its source's configuration
  // changed); the other runs go on.
  void set_tasks(std::vector<StreamTask> tasks);

  // Starts runs until cancelled (terminal), then cancels all runs and returns when they have ended.
  asio::awaitable<void> run();

  // Interval between two runs of a stream, for readiness; nullopt if the stream is not scheduled.
  std::optional<std::chrono::seconds> interval(std::string const& source,
                                               std::string const& stream) const;

 private:
  struct Slot {
    StreamTask task;
    async::TaskGroup::TaskPtr run;     // the latest run; null before the first
    std::optional<std::size_t> index;  // in slots_; nullopt once a reload has removed it
    bool running = false;
    int outages = 0;  // runs in a row that ended because the database was unavailable
  };
  using SlotPtr = std::shared_ptr<Slot>;

  void start_due();
  void look_at_all(TimePoint now);
  void release_held(SourceSession const& session);
  void return_memory();
  asio::awaitable<void> run_slot(SlotPtr slot);
  // Keeps what escapes from run_slot, and wakes run(), which ends with it.
  asio::awaitable<void> guard_slot(SlotPtr slot);
  TimePoint next_time(Slot const& slot, RunReport const& report) const;
  SlotPtr find(std::string_view source, std::string_view stream) const;

  RunParts parts_;
  std::function<double()> random_;
  Logger log_;
  std::vector<SlotPtr> slots_;
  std::vector<std::size_t> by_name_;  // their indexes, ordered by source and stream
  // Slots that are due while their source has as many runs as it allows requests at a time, in the
  // order in which they became due.
  std::map<SourceSession const*, std::vector<SlotPtr>> held_;
  std::vector<SlotPtr> held_as_silent_;  // due while silent brokers have their half of the places
  Scheduler scheduler_{0};
  async::TaskGroup runs_;
  async::Event wake_;
  std::exception_ptr failure_;  // of a run, so that the schedule itself is broken
  TimePoint looked_at_{};       // the wall clock at the previous wake-up
  RunPlaces places_;
  bool waits_for_place_ = false;
  std::size_t ended_ = 0;  // runs since memory was last given back
  std::chrono::steady_clock::time_point memory_returned_{};
};

}  // namespace affsync::sync
