#include "daemon/watched_migration.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "daemon/signals.hpp"

namespace affsync {

Result<schema::MigrationReport> migrate_watched(
    asio::io_context& io, schema::StoreOptions const& options,
    schema::MigrationRequest const& request, schema::MigrationWatch& watch,
    std::function<void(std::string const&)> const& still_at_it,
    std::function<void()> const& on_signal) {
  constexpr std::chrono::seconds telling{5};
  constexpr std::chrono::milliseconds asking_again{100};
  asio::steady_timer tell(io), cancel(io);
  // Repeat the cancellation: one that arrives between two statements has no effect.
  std::function<void(boost::system::error_code)> end = [&](boost::system::error_code error) {
    if (error) return;
    watch.cancel();
    cancel.expires_after(asking_again);
    cancel.async_wait(end);
  };
  StopSignals const signals(io, [&] {
    on_signal();
    end(boost::system::error_code());
  });
  std::function<void(boost::system::error_code)> again = [&](boost::system::error_code error) {
    if (error) return;
    if (still_at_it) still_at_it(watch.progress());
    tell.expires_after(telling);
    tell.async_wait(again);
  };
  tell.expires_after(telling);
  tell.async_wait(again);

  std::optional<Result<schema::MigrationReport>> report;
  auto const work = asio::make_work_guard(io);
  std::thread migrating([&] {
    auto outcome = schema::migrate(options, request, &watch);
    asio::post(io, [&, result = std::move(outcome)]() mutable { report = std::move(result); });
  });
  run_until(io, [&] { return report.has_value(); });
  migrating.join();
  return std::move(*report);
}

void tell_what_migrating_left(schema::MigrationReport const& report, Logger const& log) {
  for (auto const& notice : report.notices) log.warn("the migration says: " + notice);
  if (report.views_held_by.empty()) return;
  log.warn(
      "views of an earlier version stay until `affsync migrate` or the next start, since a query"
      " holds them",
      {{"held_by", report.views_held_by}});
}

}  // namespace affsync
