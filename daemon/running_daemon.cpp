#include "daemon/running_daemon.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <optional>
#include <set>

#include "daemon/serve/pending_call.hpp"

namespace affsync {

namespace asio = boost::asio;

namespace {

asio::awaitable<bool> leave_store(schema::Store& store) {
  co_await store.leave();
  co_return true;
}

}  // namespace

std::vector<serve::StreamSetting> settings_of(
    std::vector<std::pair<std::string, std::string>> const& streams,
    std::vector<std::string> const& sources, std::vector<sync::StreamTask> const& tasks) {
  std::map<std::pair<std::string, std::string>, std::chrono::seconds> intervals;
  for (auto const& task : tasks) {
    intervals[{task.source(), task.stream()}] = task.every.interval();
  }
  std::set<std::string> const configured(sources.begin(), sources.end());
  std::vector<serve::StreamSetting> settings;
  for (auto const& [source, stream] : streams) {
    if (!configured.contains(source)) continue;
    auto& setting = settings.emplace_back();
    setting.source = source;
    setting.stream = stream;
    auto const found = intervals.find({source, stream});
    if (found != intervals.end()) setting.interval = found->second;
  }
  return settings;
}

asio::awaitable<bool> are_sources_replaced(schema::Store& store, std::vector<std::string> names,
                                           Logger log) {
  std::optional<Error> found;
  try {
    co_await store.retire_sources_except(std::move(names));
  } catch (Failure const& failure) {
    found = failure.error();
  }
  bool const replaced = found && found->code == ErrorCode::config_invalid;
  if (replaced) log.warn(found->message + "; all sources are registered again");
  co_return replaced;
}

asio::awaitable<void> refuse_lost_sources(schema::Store& store, std::string instance,
                                          std::string config_file) {
  std::vector<std::optional<std::string>> parameters;
  parameters.emplace_back(std::move(instance));
  auto const had = co_await store.query(
      "SELECT name FROM affsync.source WHERE retired_at IS NULL AND $1 = ANY (instances)"
      " ORDER BY name",
      std::move(parameters));
  if (had.rows.empty()) co_return;
  std::string names;
  for (auto const& row : had.rows) names += (names.empty() ? "`" : ", `") + row[0].value() + "`";
  throw Failure(ErrorCode::config_invalid,
                config_file + ": the configuration has no source, but it had " + names,
                "Restore the file if it was cut off. If nothing is to be read any more, say so with"
                " `affsync sources remove NAME` for each; their rows stay.");
}

asio::awaitable<void> leave_database(schema::Store& store) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto const executor = co_await asio::this_coro::executor;
  auto const call = serve::PendingCall<bool>::start(executor, leave_store(store));
  try {
    co_await serve::PendingCall<bool>::wait(call, std::chrono::seconds(1), "the database's answer");
  } catch (Failure const&) {
    co_return;
  }
}

}  // namespace affsync
