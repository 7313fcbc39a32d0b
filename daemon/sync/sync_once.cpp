#include "daemon/sync/sync_once.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <memory>
#include <optional>

#include "base/process_limits.hpp"
#include "daemon/async/event.hpp"
#include "daemon/async/gate.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/sync/file_run.hpp"

namespace affsync::sync {
namespace {

// Tells those that wait for it when a run has ended.
class EndOfRun {
 public:
  void tell() {
    ended_ = true;
    event_.tell();
  }
  // A cancellation ends the wait; the run then notices it itself.
  asio::awaitable<void> wait() {
    if (!ended_) co_await event_.told();
  }

 private:
  async::Event event_;
  bool ended_ = false;
};

using Ends = std::vector<std::unique_ptr<EndOfRun>>;

// Returns the task whose rows give another one its values of `for_each`; nullopt if it is not read
// now, or if it waits for that other one itself.
std::optional<std::size_t> giver_of(std::vector<StreamTask> const& tasks, std::size_t of) {
  auto const find = [&](std::size_t task) -> std::optional<std::size_t> {
    auto const& wanted = tasks[task].stream_of_items();
    for (std::size_t i = 0; !wanted.empty() && i < tasks.size(); ++i) {
      if (tasks[i].session == tasks[task].session && tasks[i].stream() == wanted) return i;
    }
    return std::nullopt;
  };
  auto const giver = find(of);
  auto next = giver;
  for (std::size_t i = 0; next && i < tasks.size(); ++i) {
    if (next == of) return std::nullopt;
    next = find(*next);
  }
  return giver;
}

// Waits for a place of the source, then for one of all runs. A cancellation ends the wait; the run
// then notices it and says so in its report.
asio::awaitable<void> run_into(RunReport& report, StreamTask task, RunOptions options,
                               RunParts parts, Logger log, async::Gate& of_source,
                               async::Gate& of_all, EndOfRun* giver, EndOfRun& end) {
  struct Tell {
    EndOfRun& end;
    ~Tell() { end.tell(); }
  };
  Tell const tell{end};
  if (giver != nullptr) co_await giver->wait();
  async::Gate::Pass own, place;
  try {
    own = co_await of_source.enter();
    place = co_await of_all.enter();
  } catch (boost::system::system_error const&) {
    own = async::Gate::Pass();
  }
  // After a cancellation this would throw before the run could report it.
  co_await asio::this_coro::throw_if_cancelled(false);
  report = co_await run_task(std::move(task), options, parts, std::move(log));
}

}  // namespace

asio::awaitable<std::vector<RunReport>> sync_once(std::vector<StreamTask> tasks, RunOptions options,
                                                  RunParts parts, Logger log) {
  std::vector<RunReport> reports(tasks.size());
  async::Gate of_all(static_cast<int>(runs_at_once(raise_file_limit())));
  std::map<SourceSession const*, std::unique_ptr<async::Gate>> of_source;
  Ends ends;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    ends.push_back(std::make_unique<EndOfRun>());
  }
  auto start = [&](async::TaskGroup& group) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      auto& gate = of_source[tasks[i].session.get()];
      if (!gate)
        gate = std::make_unique<async::Gate>(tasks[i].session->plan().rate.usable_concurrency());
      auto const giver = giver_of(tasks, i);
      group.spawn(run_into(reports[i], tasks[i], options, parts, log, *gate, of_all,
                           giver ? ends[*giver].get() : nullptr, *ends[i]));
    }
  };
  co_await async::run_tasks(std::move(start));
  co_return reports;
}

}  // namespace affsync::sync
