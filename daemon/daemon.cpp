#include "daemon/daemon.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <random>
#include <set>

#include "base/crash_point.hpp"
#include "base/process_limits.hpp"
#include "config/key_place.hpp"
#include "daemon/alert_parts.hpp"
#include "daemon/alerts/delivery.hpp"
#include "daemon/alerts/policy.hpp"
#include "daemon/async/event.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/cli/connectors.hpp"
#include "daemon/daemon_task.hpp"
#include "daemon/http_parts.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/reports/output.hpp"
#include "daemon/run_log.hpp"
#include "daemon/running_daemon.hpp"
#include "daemon/serve/metrics.hpp"
#include "daemon/serve/money_watch.hpp"
#include "daemon/serve/pages.hpp"
#include "daemon/serve/service_manager.hpp"
#include "daemon/signals.hpp"
#include "daemon/sync/supervisor.hpp"
#include "daemon/sync/upkeep.hpp"

namespace affsync {
namespace {

namespace asio = boost::asio;

// A report over HTTP is built as one string in memory, so its lines are limited.
constexpr int page_report_lines = 10'000;
// Pause between attempts to apply a new configuration while the database is unavailable.
constexpr std::chrono::seconds reload_pause{5};

// The earnings report of the command line, for /api/earnings.
serve::ReportQuery earnings_query(std::optional<Day> since, std::optional<Day> until,
                                  std::string by) {
  reports::ReportOptions options;
  options.report = "earnings";
  options.since = since;
  options.until = until;
  options.by = std::move(by);
  options.limit = page_report_lines;
  reports::ReportPlan const plan = reports::plan_report(options);
  serve::ReportQuery query;
  query.sql = plan.sql;
  query.notes_sql = plan.notes_sql;
  query.parameters = plan.parameters;
  query.to_json = [plan](schema::Store::Table const& rows, schema::Store::Table const& said) {
    std::vector<std::string> notes;
    for (auto const& row : said.rows) notes.push_back(row.at(0).value_or(""));
    return reports::report_json(plan, rows, notes);
  };
  return query;
}

std::string listed(std::vector<std::string> const& words) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

struct Daemon::Impl {
  Impl(App& app, HangUps& hangups)
      : app_(app),
        hangups_(hangups),
        log_(app.log()),
        started_at_(clock_.now()),
        metrics_(started_at_),
        observer_(metrics_, log_, [this](RunReport const& report) { after_run(report); }),
        supervisor_(
            app.io().get_executor(), run_parts(), runs_at_once(raise_file_limit()),
            [this] { return std::uniform_real_distribution<>(0, 1)(random_); }, log_),
        pages_(page_parts()),
        alert_store_(schema::make_pg_alert_store(app.database_options())),
        delivery_(sender_parts(), [this] { return alert_policy(); }, log_) {}
  ~Impl() { alert_store_->shut_down(std::chrono::milliseconds(500)); }
  Impl(Impl const&) = delete;
  Impl& operator=(Impl const&) = delete;

  asio::awaitable<void> run();

  sync::RunParts run_parts() {
    sync::RunParts parts;
    parts.store = &app_.store();
    parts.clock = &clock_;
    parts.observer = &observer_;
    parts.workers = &app_.workers();
    return parts;
  }

  alerts::SenderParts sender_parts() {
    alerts::SenderParts parts;
    parts.executor = app_.io().get_executor();
    parts.store = alert_store_.get();
    parts.clock = &clock_;
    parts.observer = &metrics_.alerts();
    parts.random = [this] { return std::uniform_real_distribution<>(0, 1)(random_); };
    return parts;
  }

  schema::AlertPolicy alert_policy() const {
    auto policy = alerts::policy_of(app_.config().alerts);
    policy.sources = alert_sources_;
    policy.disk = disk_now(app_.config().database);
    return policy;
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
    parts.connectors = [this] {
      return [own = app_.manifests()] { return cli::connectors_json(listed_manifests(own)); };
    };
    parts.workers = &app_.workers();
    parts.notes = [this] { return notes(); };
    parts.full_disk = [this]() -> std::optional<serve::NotReady> {
      auto told = told_if_full(app_.config().database);
      if (told.empty()) return std::nullopt;
      return serve::NotReady{{}, {}, "database_full", std::move(told)};
    };
    parts.hosts = own_names(app_.config().http);
    parts.proxies = app_.config().http.hosts;
    parts.access = access_of(app_.config().http);
    parts.on_guessing = [this](std::string const& caller) {
      log_.warn("several wrong tokens came from one address; each further one has to wait longer",
                {{"address", caller}});
    };
    parts.on_database_silence = serve::log_silence(log_);
    parts.started_at = started_at_;
    parts.database_url = app_.shown_database_url();
    parts.reads_replica = !app_.config().database.read_url.empty();
    return parts;
  }

  void after_run(RunReport const& report);
  void look_at_registration();
  asio::awaitable<std::size_t> take_configuration();
  asio::awaitable<void> reload(bool read_again);
  asio::awaitable<void> note_troubles();
  std::vector<std::string> notes() const;
  asio::awaitable<void> reload_on_hangup();
  asio::awaitable<void> keep_watchdog_alive();
  asio::awaitable<void> say_stopping();
  std::string summary(std::size_t streams) const;
  std::vector<std::string> source_names() const;

  App& app_;
  HangUps& hangups_;
  Logger log_;
  SystemClock clock_;
  async::TimerSleeper sleeper_;
  TimePoint started_at_;
  std::mt19937_64 random_{std::random_device{}()};
  serve::Metrics metrics_;
  RunLog observer_;
  serve::ServiceManager manager_;
  sync::Supervisor supervisor_;
  serve::Pages pages_;
  std::unique_ptr<schema::AlertStore> alert_store_;
  alerts::Delivery delivery_;
  std::vector<schema::SourceNow> alert_sources_;
  std::optional<Error> reload_problem_;     // error of the latest reload
  bool reload_waits_ = false;               // the new configuration waits for the database
  bool registration_in_doubt_ = false;      // the database may have others under their numbers
  std::vector<std::string> needs_restart_;  // changed settings that need a restart
};

std::vector<std::string> Daemon::Impl::notes() const {
  std::vector<std::string> all;
  if (reload_problem_) {
    all.push_back((reload_waits_ ? "The new configuration waits for the database: "
                                 : "The configuration could not be reloaded, the old one stays: ") +
                  reload_problem_->to_line());
  }
  if (!needs_restart_.empty()) {
    all.push_back("Restart affsync to apply these changed settings: " + listed(needs_restart_) +
                  ".");
  }
  return all;
}

std::vector<std::string> Daemon::Impl::source_names() const {
  std::vector<std::string> names;
  for (auto const& source : app_.config().sources) names.push_back(source.name);
  return names;
}

std::string Daemon::Impl::summary(std::size_t streams) const {
  return std::to_string(app_.config().sources.size()) + " sources, " + std::to_string(streams) +
         " streams";
}

asio::awaitable<std::size_t> Daemon::Impl::take_configuration() {
  std::vector<std::string> const all;
  check_receivers(app_.io().get_executor(), app_.config().alerts);
  auto tasks = co_await app_.make_tasks(all, all, true, observer_);
  auto const names = source_names();
  co_await app_.store().retire_sources_except(names);
  metrics_.set_streams(settings_of(app_.streams(), names, tasks));
  auto const count = tasks.size();
  alert_sources_ = sources_now(tasks, alert_sources_, clock_.now());
  crash_point(CrashPoint::schedule_taking);
  supervisor_.set_tasks(std::move(tasks));
  delivery_.set_receivers(app_.config().alerts);
  app_.forget_other_sessions();
  co_return count;
}

// Reads the configuration if `read_again` and applies it. If it is invalid, the old one stays; if
// the database is unavailable, the new one waits for it.
asio::awaitable<void> Daemon::Impl::reload(bool read_again) {
  manager_.reloading();
  std::optional<Error> problem;
  std::size_t streams = 0;
  bool read = !read_again;
  try {
    crash_point(CrashPoint::reload_begun);
    if (read_again) {
      needs_restart_ = config::with_places(app_.reload(), app_.config().file);
      pages_.set_access(access_of(app_.config().http));
      pages_.forget_connectors();
    }
    read = true;
    crash_point(CrashPoint::reload_read);
    streams = co_await take_configuration();
    release_memory();  // of the configuration that was replaced
    crash_point(CrashPoint::reload_done);
  } catch (Failure const& failure) {
    problem = failure.error();
  } catch (boost::system::system_error const& error) {
    if (error.code() == asio::error::operation_aborted) throw;
    problem = Error(ErrorCode::internal, error.what());
  } catch (std::exception const& error) {
    problem = Error(ErrorCode::internal, error.what());
  }
  bool const waited = std::exchange(
      reload_waits_, problem && read && problem->code == ErrorCode::database_unavailable);
  reload_problem_ = problem;
  metrics_.on_reload(!problem);
  if (!problem) {
    log_.info("configuration reloaded",
              {number_field("streams", static_cast<std::int64_t>(streams))});
    if (!needs_restart_.empty()) {
      log_.warn("restart affsync to apply these changed settings",
                {{"settings", listed(needs_restart_)}});
    }
    manager_.ready(summary(streams));
  } else if (reload_waits_) {
    if (!waited) {
      log_.error(*problem);
      log_.warn("the new configuration is applied as soon as the database answers");
    }
    manager_.ready("the new configuration waits for the database");
  } else {
    app_.undo_reload();
    pages_.forget_connectors();
    needs_restart_.clear();
    log_.error(*problem);
    log_.warn("the new configuration is not used; the old one stays");
    manager_.ready("reload failed, the old configuration stays");
  }
  co_await note_troubles();
}

// For `affsync status`. If the database is away, it is noted with the next claim of the sources.
asio::awaitable<void> Daemon::Impl::note_troubles() {
  schema::DaemonTroubles troubles;
  if (reload_problem_ && !reload_waits_) {
    troubles.reload_error = reload_problem_->to_line();
    troubles.reload_failed_at = clock_.now();
  }
  troubles.needs_restart = needs_restart_;
  try {
    co_await app_.store().note_troubles(std::move(troubles));
  } catch (Failure const& failure) {
    log_.debug("could not note what stands against the daemon",
               {{"error", failure.error().message}});
  }
}

void Daemon::Impl::after_run(RunReport const& report) {
  delivery_.nudge();
  bool const failed = report.status == RunStatus::failed && report.error;
  if (failed && report.error->code == ErrorCode::config_invalid) look_at_registration();
}

void Daemon::Impl::look_at_registration() {
  registration_in_doubt_ = true;
  hangups_.wake();
}

asio::awaitable<void> Daemon::Impl::reload_on_hangup() {
  for (;;) {
    bool asked = false;
    if (!registration_in_doubt_) {
      auto pause = reload_waits_ ? std::optional(reload_pause) : std::nullopt;
      asked = co_await hangups_.next(pause);
    }
    bool wanted = asked || reload_waits_;
    if (std::exchange(registration_in_doubt_, false) && !wanted) {
      wanted = co_await are_sources_replaced(app_.store(), source_names(), log_);
    }
    if (wanted) co_await reload(asked);
  }
}

asio::awaitable<void> Daemon::Impl::keep_watchdog_alive() {
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

// Reports to systemd that the daemon is stopping as soon as that begins, not after the last run.
asio::awaitable<void> Daemon::Impl::say_stopping() {
  async::Event never;
  co_await never.told();  // returns when this is cancelled
  crash_point(CrashPoint::daemon_stopping);
  log_.info("stopping; each run ends with its current page");
  manager_.stopping("stopping");
  alert_store_->shut_down(longest_last_page);
}

asio::awaitable<void> Daemon::Impl::run() {
  return_large_blocks();
  auto executor = co_await asio::this_coro::executor;
  std::size_t const streams = co_await take_configuration();

  std::unique_ptr<net::HttpServer> server;
  if (app_.config().http.enabled) {
    server = server_of(app_.config().http, executor, pages_.handler(), app_.log());
    // Port 0 means any free port: log the one that was chosen.
    auto address = app_.config().http.listen;
    address.replace(address.rfind(':') + 1, std::string::npos, std::to_string(server->port()));
    log_.info("serving", {{"listen", address}});
  }

  auto start_all = [&](async::TaskGroup& group) {
    auto const start = [&](char const* name, asio::awaitable<void> work) {
      group.spawn(daemon_task(name, std::move(work), log_));
    };
    start("schedule", supervisor_.run());
    start("reload", reload_on_hangup());
    start("alerts", delivery_.run());
    auto retention = [this] { return app_.retention(); };
    start("upkeep", sync::run_daily_upkeep(app_.store(), sleeper_, std::move(retention), log_));
    start("claims", sync::keep_sources_claimed(
                        app_.store(), sleeper_, [this] { return source_names(); },
                        [this] { look_at_registration(); }, log_));
    start("days", sync::keep_days_added_up(app_.store(), sleeper_, log_));
    start("watchdog", keep_watchdog_alive());
    start("stopping", say_stopping());
    if (server) start("http", server->serve());
    metrics_.on_database(true);  // the database has just registered the streams
    start("figures", pages_.keep_figures_fresh());
    start("money", serve::keep_money_fresh(app_.store(), metrics_, clock_, sleeper_, log_));

    log_.info("started", {number_field("streams", static_cast<std::int64_t>(streams)),
                          {"database", app_.shown_database_url()}});
    manager_.ready(summary(streams));
  };
  co_await async::run_tasks(std::move(start_all));
  co_await leave_database(app_.store());
  log_.info("stopped");
}

Daemon::Daemon(App& app, HangUps& hangups) : impl_(std::make_unique<Impl>(app, hangups)) {}
Daemon::~Daemon() = default;

asio::awaitable<void> Daemon::run() {
  co_await impl_->run();
}

}  // namespace affsync
