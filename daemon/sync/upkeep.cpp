#include "daemon/sync/upkeep.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/async/until_cancelled.hpp"

namespace affsync::sync {
namespace {

boost::asio::awaitable<void> do_if_due(schema::Store& store, schema::Retention retention,
                                       Logger const& log) {
  std::string const task = "prune";
  if (!co_await store.claim_for_today(task)) co_return;
  auto const pruned = co_await store.prune(retention, false);
  if (pruned.runs == 0 && pruned.quarantine == 0) co_return;
  log.info("removed rows whose retention has passed",
           {number_field("runs", pruned.runs), number_field("quarantine", pruned.quarantine)});
}

boost::asio::awaitable<void> do_or_tell(schema::Store& store, schema::Retention retention,
                                        Logger const& log) {
  std::optional<Error> failed;
  try {
    co_await do_if_due(store, retention, log);
  } catch (Failure const& failure) {
    failed = failure.error();
  }
  if (failed) log.warn(*failed);
}

boost::asio::awaitable<void> do_then(boost::asio::awaitable<void> work,
                                     std::function<void()> then) {
  co_await std::move(work);
  then();
}

}  // namespace

boost::asio::awaitable<void> do_daily_upkeep(schema::Store& store, async::Sleeper& sleeper,
                                             schema::Retention retention, Duration longest,
                                             Logger log) {
  async::TaskGroup::TaskPtr timer, work;
  co_await async::run_tasks([&](async::TaskGroup& group) {
    timer = group.spawn(async::until_cancelled(do_then(sleeper.sleep(longest), [&] {
      if (work) group.cancel(work);
    })));
    work = group.spawn(async::until_cancelled(
        do_then(do_or_tell(store, retention, log), [&] { group.cancel(timer); })));
  });
}

boost::asio::awaitable<void> run_daily_upkeep(schema::Store& store, async::Sleeper& sleeper,
                                              std::function<schema::Retention()> retention,
                                              Logger log) {
  for (;;) {
    co_await do_or_tell(store, retention(), log);
    co_await sleeper.sleep(std::chrono::hours(1));
  }
}

boost::asio::awaitable<void> keep_sources_claimed(schema::Store& store, async::Sleeper& sleeper,
                                                  std::function<std::vector<std::string>()> names,
                                                  std::function<void()> on_replaced, Logger log) {
  for (;;) {
    co_await sleeper.sleep(std::chrono::minutes(1));
    std::optional<Error> failed;
    try {
      co_await store.retire_sources_except(names());
    } catch (Failure const& failure) {
      failed = failure.error();
    }
    if (failed && failed->code == ErrorCode::config_invalid) {
      on_replaced();
    } else if (failed) {
      log.debug("could not note that the daemon runs", {{"error", failed->message}});
    }
  }
}

boost::asio::awaitable<void> keep_days_added_up(schema::Store& store, async::Sleeper& sleeper,
                                                Logger log) {
  constexpr std::chrono::milliseconds between_parts{100};
  constexpr int most_rows = 20'000;
  bool told = false;
  for (;;) {
    std::optional<Error> failed;
    bool some = false;
    try {
      some = co_await store.fold_earnings(most_rows);
    } catch (Failure const& failure) {
      failed = failure.error();
    }
    if (failed && !told) log.warn(*failed);
    told = failed.has_value();
    co_await sleeper.sleep(some ? Duration(between_parts) : Duration(std::chrono::minutes(1)));
  }
}

}  // namespace affsync::sync
