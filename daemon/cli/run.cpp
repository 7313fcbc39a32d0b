// `affsync run`: the daemon.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "base/crash_point.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/report_output.hpp"
#include "daemon/cli/run_log.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/serve/metrics.hpp"
#include "daemon/serve/pages.hpp"
#include "daemon/serve/service_manager.hpp"
#include "daemon/sync/supervisor.hpp"
#include "daemon/sync/task_group.hpp"
#include "daemon/sync/upkeep.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

// The earnings report of the command line, for /api/earnings.
serve::ReportQuery earnings_query(std::optional<Day> since, std::optional<Day> until,
                                  std::string by) {
  ReportOptions options;
  options.report = "earnings";
  options.since = since;
  options.until = until;
  options.by = std::move(by);
  ReportPlan const plan = plan_report(options);
  serve::ReportQuery query;
  query.sql = plan.sql;
  query.parameters = plan.parameters;
  query.to_json = [plan](schema::Store::Table const& rows) { return report_json(plan, rows); };
  return query;
}

class Daemon {
 public:
  explicit Daemon(App& app)
      : app_(app),
        log_(app.log()),
        started_at_(clock_.now()),
        metrics_(started_at_),
        observer_(metrics_, log_),
        supervisor_(
            app.io().get_executor(), run_parts(),
            [this] { return std::uniform_real_distribution<>(0, 1)(random_); }, log_),
        pages_(page_parts()) {}

  asio::awaitable<void> run();

 private:
  sync::RunParts run_parts() {
    sync::RunParts parts;
    parts.store = &app_.store();
    parts.clock = &clock_;
    parts.observer = &observer_;
    return parts;
  }

  serve::PagesParts page_parts() {
    serve::PagesParts parts;
    parts.executor = app_.io().get_executor();
    parts.store = &app_.store();
    parts.metrics = &metrics_;
    parts.clock = &clock_;
    parts.interval = [this](std::string const& source, std::string const& stream) {
      return supervisor_.interval(source, stream);
    };
    parts.earnings = earnings_query;
    parts.started_at = started_at_;
    parts.database_url = app_.shown_database_url();
    return parts;
  }

  asio::awaitable<std::size_t> take_configuration();
  asio::awaitable<void> reload_on_hangup();
  asio::awaitable<void> keep_watchdog_alive();
  asio::awaitable<void> say_stopping();
  std::string summary(std::size_t streams) const;

  App& app_;
  Logger log_;
  SystemClock clock_;
  sync::TimerSleeper sleeper_;
  TimePoint started_at_;
  std::mt19937_64 random_{std::random_device{}()};
  serve::Metrics metrics_;
  RunLog observer_;
  serve::ServiceManager manager_;
  sync::Supervisor supervisor_;
  serve::Pages pages_;
};

std::string Daemon::summary(std::size_t streams) const {
  return std::to_string(app_.config().sources.size()) + " sources, " + std::to_string(streams) +
         " streams";
}

asio::awaitable<std::size_t> Daemon::take_configuration() {
  std::vector<std::string> const all;
  auto tasks = co_await app_.make_tasks(all, all, true, observer_);
  std::vector<std::string> names;
  for (auto const& source : app_.config().sources) names.push_back(source.name);
  co_await app_.store().retire_sources_except(names);
  metrics_.keep_sources(names);
  auto const count = tasks.size();
  crash_point(CrashPoint::schedule_taking);
  supervisor_.set_tasks(std::move(tasks));
  app_.forget_other_sessions();
  co_return count;
}

asio::awaitable<void> Daemon::reload_on_hangup() {
  auto executor = co_await asio::this_coro::executor;
  asio::signal_set hangup(executor, SIGHUP);
  for (;;) {
    co_await hangup.async_wait(asio::use_awaitable);
    manager_.reloading();
    std::optional<Error> refused;
    std::size_t streams = 0;
    try {
      crash_point(CrashPoint::reload_begun);
      app_.reload();
      crash_point(CrashPoint::reload_read);
      streams = co_await take_configuration();
      crash_point(CrashPoint::reload_done);
    } catch (Failure const& failure) {
      refused = failure.error();
    }
    if (refused) {
      log_.error(*refused);
      log_.warn("the new configuration is not used; the old one stays");
      manager_.ready("reload failed, the old configuration stays");
    } else {
      log_.info("configuration reloaded", {{"streams", std::to_string(streams)}});
      manager_.ready(summary(streams));
    }
  }
}

asio::awaitable<void> Daemon::keep_watchdog_alive() {
  auto const interval = manager_.alive_interval();
  if (!interval) co_return;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  for (;;) {
    manager_.alive();
    timer.expires_after(*interval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

// systemd hears of the end when it begins, not when the last run has ended.
asio::awaitable<void> Daemon::say_stopping() {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer forever(executor, asio::steady_timer::time_point::max());
  boost::system::error_code cancelled;
  co_await forever.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  crash_point(CrashPoint::daemon_stopping);
  log_.info("stopping: runs end with the page they are at");
  manager_.stopping("stopping");
}

// Ends quietly when it is cancelled: that is how these loops are meant to end.
asio::awaitable<void> until_cancelled(asio::awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (boost::system::system_error const& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
}

asio::awaitable<void> Daemon::run() {
  auto executor = co_await asio::this_coro::executor;
  std::size_t const streams = co_await take_configuration();

  std::unique_ptr<net::HttpServer> server;
  if (app_.config().http.enabled) {
    server = net::make_http_server(executor, app_.config().http.listen, pages_.handler()).value();
    // Port 0 is any free one: say which it is.
    auto address = app_.config().http.listen;
    address.replace(address.rfind(':') + 1, std::string::npos, std::to_string(server->port()));
    log_.info("serving", {{"listen", address}});
  }

  sync::TaskGroup group(executor);
  group.spawn(until_cancelled(supervisor_.run()));
  group.spawn(until_cancelled(reload_on_hangup()));
  auto retention = [this] { return app_.retention(); };
  auto upkeep = sync::keep_house(app_.store(), sleeper_, std::move(retention), log_);
  group.spawn(until_cancelled(std::move(upkeep)));
  group.spawn(until_cancelled(keep_watchdog_alive()));
  group.spawn(say_stopping());
  if (server) group.spawn(until_cancelled(server->serve()));

  log_.info("started",
            {{"streams", std::to_string(streams)}, {"database", app_.shown_database_url()}});
  manager_.ready(summary(streams));
  co_await group.join();
  log_.info("stopped");
}

}  // namespace

int run_daemon(CommonOptions const& common) {
  App app(common.config_file, common.log_level());
  serve::ServiceManager const manager;
  schema::MigrationReport report;
  try {
    report = app.migrate_database(false, [&manager] {
      manager.extend_start(std::chrono::minutes(1), "bringing the database schema up to date");
    });
  } catch (Failure const& failure) {
    if (failure.error().code != ErrorCode::cancelled) throw;
    app.log().info("stopped while the database schema was brought up to date");
    return 0;
  }
  for (auto const& file : report.applied) {
    app.log().info("database schema brought up to date", {{"migration", file}});
  }
  Daemon daemon(app);
  try {
    app.run(daemon.run());
  } catch (Failure const& failure) {
    // Told to stop while it was starting: that is no failure either.
    if (!app.interrupted() || failure.error().code != ErrorCode::cancelled) throw;
    app.log().info("stopped before the start was over");
  }
  return 0;
}

}  // namespace affsync::cli
