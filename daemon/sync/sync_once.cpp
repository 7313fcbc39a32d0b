#include "daemon/sync/sync_once.hpp"

#include <boost/asio/this_coro.hpp>

#include "daemon/async/task_group.hpp"

namespace affsync::sync {
namespace {

asio::awaitable<void> run_into(RunReport& report, StreamTask task, RunOptions options,
                               RunParts parts, Logger log) {
  report = co_await run_stream(std::move(task), options, parts, std::move(log));
}

}  // namespace

asio::awaitable<std::vector<RunReport>> sync_once(std::vector<StreamTask> tasks, RunOptions options,
                                                  RunParts parts, Logger log) {
  auto executor = co_await asio::this_coro::executor;
  std::vector<RunReport> reports(tasks.size());
  async::TaskGroup group(executor);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    group.spawn(run_into(reports[i], tasks[i], options, parts, log));
  }
  co_await group.join();
  co_return reports;
}

}  // namespace affsync::sync
