#include "daemon/sync/sync_once.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <memory>

#include "base/process_limits.hpp"
#include "daemon/async/gate.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/sync/file_run.hpp"

namespace affsync::sync {
namespace {

// Waits for a place of the source, then for one of all runs. A cancellation ends the wait; the run
// then notices it and says so in its report.
asio::awaitable<void> run_into(RunReport& report, StreamTask task, RunOptions options,
                               RunParts parts, Logger log, async::Gate& of_source,
                               async::Gate& of_all) {
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
  auto executor = co_await asio::this_coro::executor;
  std::vector<RunReport> reports(tasks.size());
  async::Gate of_all(static_cast<int>(runs_at_once(raise_file_limit())));
  std::map<SourceSession const*, std::unique_ptr<async::Gate>> of_source;
  async::TaskGroup group(executor);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    auto& gate = of_source[tasks[i].session.get()];
    if (!gate)
      gate = std::make_unique<async::Gate>(tasks[i].session->plan().rate.usable_concurrency());
    group.spawn(run_into(reports[i], tasks[i], options, parts, log, *gate, of_all));
  }
  co_await group.join();
  co_return reports;
}

}  // namespace affsync::sync
