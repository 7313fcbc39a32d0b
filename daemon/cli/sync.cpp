// `affsync sync`: one pass over the chosen streams, then a summary.
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <iostream>
#include <random>

#include "daemon/alert_parts.hpp"
#include "daemon/alerts/delivery.hpp"
#include "daemon/alerts/policy.hpp"
#include "daemon/app.hpp"
#include "daemon/async/sleeper.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/async/until_cancelled.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/day_words.hpp"
#include "daemon/cli/open_alerts.hpp"
#include "daemon/cli/summary.hpp"
#include "daemon/cli/terminal/progress.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/serve/database_silence.hpp"
#include "daemon/signals.hpp"
#include "daemon/sync/sync_once.hpp"
#include "daemon/sync/upkeep.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

// Reports the streams that ignore --since and --until, because they are not read by date.
void tell_what_has_no_days(std::vector<sync::StreamTask> const& tasks) {
  std::string names;
  for (auto const& task : tasks) {
    if (task.plan->spec->window || task.plan->obstacle()) continue;
    names += (names.empty() ? "" : ", ") + task.source() + "/" + task.stream();
  }
  if (names.empty()) return;
  std::cerr << "affsync: --since and --until do not apply to streams that are not read by date; "
               "they are read completely: "
            << names << "\n";
}

// Adds up days and clients for reports, for about a twentieth of the time that the pass took, and
// half a second at least, so that short passes over many sources add up all of them too: all after
// an ordinary pass, a part after a long first one. The daemon and `affsync prune` do the rest.
asio::awaitable<void> add_up_days(schema::Store& store, TimePoint started_at, Clock& clock) {
  constexpr int part = 20;
  constexpr Duration at_least = std::chrono::milliseconds(500);
  auto const finished_at = clock.now();
  auto const limit = std::max<Duration>((finished_at - started_at) / part, at_least);
  // A call ends at about the limit.
  auto const milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  auto const most_rows = static_cast<int>(std::clamp<std::int64_t>(milliseconds * 20, 500, 20'000));
  try {
    while (clock.now() - finished_at < limit && co_await store.fold_earnings(most_rows)) continue;
  } catch (Failure const&) {
    co_return;  // the rows are stored, and reports are right without it
  }
}

// Calls `done` at the end, however it ends.
asio::awaitable<void> read_and_add_up(std::vector<sync::StreamTask> tasks, sync::RunOptions run,
                                      sync::RunParts parts, Logger log,
                                      std::vector<RunReport>& reports, std::function<void()> done) {
  struct Tell {
    std::function<void()> const& done;
    ~Tell() { done(); }
  } const tell{done};
  auto const started_at = parts.clock->now();
  reports = co_await sync::sync_once(std::move(tasks), run, parts, std::move(log));
  co_await add_up_days(*parts.store, started_at, *parts.clock);
}

// `sources` becomes what the pass reads.
asio::awaitable<std::vector<RunReport>> pass(App& app, SyncOptions const& options,
                                             sync::Observer& observer, Clock& clock,
                                             std::vector<schema::SourceNow>& sources) {
  auto tasks =
      co_await app.make_tasks(options.sources, options.streams, !options.dry_run, observer);
  if (tasks.empty()) {
    throw Failure(ErrorCode::usage, "there is nothing to read: no stream is chosen",
                  app.config().sources.empty() ? "Add a source to the configuration."
                                               : "Enable one, or name it with --stream.");
  }
  if (options.since || options.until) tell_what_has_no_days(tasks);
  // Whatever ran before, a stream is late by its last success.
  sources = sources_now(tasks, {}, TimePoint());
  sync::RunOptions run;
  run.full = options.full;
  run.since = options.since;
  run.until = options.until;
  sync::RunParts parts;
  parts.store = options.dry_run ? nullptr : &app.store();
  parts.clock = &clock;
  parts.observer = &observer;
  parts.workers = &app.workers();
  if (options.dry_run) {
    co_return co_await sync::sync_once(std::move(tasks), run, parts, app.log());
  }
  std::vector<RunReport> reports;
  async::TimerSleeper sleeper;
  co_await async::run_tasks([&](async::TaskGroup& group) {
    auto watch = group.spawn(async::until_cancelled(
        serve::watch_for_silence(app.io().get_executor(), app.store(), clock, sleeper, app.log())));
    group.spawn(read_and_add_up(std::move(tasks), run, parts, app.log(), reports,
                                [&group, watch] { group.cancel(watch); }));
  });
  co_return reports;
}

// Judges what was read of these sources, and tells what there is to tell, within a bounded time: a
// pass that cron starts has no daemon beside it. What fails is logged; the pass is what it is.
void tell_alerts(App& app, std::vector<schema::SourceNow> sources, Clock const& clock) {
  constexpr std::chrono::seconds longest{30};
  auto const store = schema::make_pg_alert_store(app.database_options());
  alerts::DeliveryObserver nobody;
  std::mt19937_64 random{std::random_device{}()};
  alerts::SenderParts parts;
  parts.executor = app.io().get_executor();
  parts.store = store.get();
  parts.clock = &clock;
  parts.observer = &nobody;
  parts.random = [&random] { return std::uniform_real_distribution<>(0, 1)(random); };
  auto policy = alerts::policy_of(app.config().alerts);
  policy.sources = std::move(sources);
  policy.disk = disk_now(app.config().database);
  auto const& alerts = app.config().alerts;
  auto telling = alerts::tell_once(std::move(parts), std::move(policy), alerts, longest, app.log());
  app.run(async::until_cancelled(std::move(telling)));  // the summary follows all the same
}

// A pass that cron starts has no daemon beside it that would do this once a day.
void keep_database(App& app) {
  constexpr std::chrono::seconds longest{60};
  async::TimerSleeper sleeper;
  app.run(async::until_cancelled(
      sync::do_daily_upkeep(app.store(), sleeper, app.retention(), longest, app.log())));
}

// Returns how many of the rows that the pass has quarantined a user has accepted as known.
asio::awaitable<std::int64_t> count_accepted(schema::Store& store,
                                             std::vector<RunReport> const& reports) {
  std::int64_t accepted = 0;
  for (auto const& report : reports) {
    if (report.quarantined == 0) continue;
    std::vector<std::optional<std::string>> parameters{report.source, report.stream};
    parameters.emplace_back(format_time(report.started_at));
    auto const rows = co_await store.query(
        "SELECT count(*) FILTER (WHERE accepted_at IS NULL), count(*) FROM affsync.quarantine"
        " JOIN affsync.source s USING (source_id) WHERE s.name = $1 AND stream = $2"
        " AND resolved_at IS NULL AND received_at >= $3::timestamptz",
        std::move(parameters));
    auto const count = [&](std::size_t column) -> std::int64_t {
      return std::stoll(rows.rows.at(0).at(column).value_or("0"));
    };
    auto const open = count(0), all = count(1);
    // A row that came twice is one in quarantine.
    accepted +=
        open == 0 && all > 0 ? report.quarantined : std::min(all - open, report.quarantined);
  }
  co_return accepted;
}

// The same; 0 if the database no longer answers, since the summary follows all the same.
std::int64_t accepted_rows(App& app, std::vector<RunReport> const& reports) {
  try {
    return app.run(count_accepted(app.store(), reports));
  } catch (Failure const&) {
    return 0;
  }
}

// What a dry run has read is nowhere, so none resumes where this one stopped.
void begin_anew_after(std::vector<RunReport>& reports) {
  for (auto& report : reports) {
    if (!report.error || report.error->code != ErrorCode::cancelled) continue;
    report.error->hint = "A dry run stores nothing, so the next run begins where this one began.";
  }
}

// A stream that the broker does not offer, or that another instance reads, is not a failure. But
// the status is 1 if the broker no longer offers a stream that was read before, and if other
// instances read all streams, so that this pass has read nothing.
int exit_status(std::vector<RunReport> const& reports) {
  auto const is_elsewhere = [](RunReport const& report) {
    return report.status == RunStatus::skipped && report.error &&
           report.error->code == ErrorCode::lease_lost;
  };
  int status = !reports.empty() && std::all_of(reports.begin(), reports.end(), is_elsewhere);
  for (auto const& report : reports) {
    bool const database = report.error && report.error->code == ErrorCode::database_unavailable;
    if (database) return to_exit_status(ErrorCode::database_unavailable);
    bool const skipped = report.status == RunStatus::skipped;
    bool const withdrawn = skipped && report.had_rows && !is_elsewhere(report);
    bool const fine = report.status == RunStatus::succeeded || (skipped && !withdrawn) ||
                      report.status == RunStatus::continued;
    if (!fine) status = 1;
  }
  return status;
}

}  // namespace

int run_sync(CommonOptions const& common, SyncOptions const& options) {
  refuse_days_without_rows(options.since, options.until, SystemClock().now());
  // The progress display shows the progress, so log only what needs attention.
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::warn);
  SystemClock clock;
  auto const started_at = clock.now();
  app.require_chosen(options.sources, options.streams);
  if (options.dry_run) {
    app.start_existing_database();
  } else {
    app.migrate_database();
  }
  if (options.retry_login) app.retry_refused_logins();

  std::vector<RunReport> reports;
  std::vector<schema::SourceNow> sources;
  if (options.quiet) {
    sync::Observer nobody;
    reports = app.run(pass(app, options, nobody, clock, sources));
  } else {
    Progress progress;  // its destructor removes the live lines
    reports = app.run(pass(app, options, progress, clock, sources));
  }
  if (options.dry_run) begin_anew_after(reports);
  auto const finished_at = clock.now();
  bool const answers = std::ranges::none_of(reports, [](RunReport const& report) {
    return report.error && report.error->code == ErrorCode::database_unavailable;
  });
  std::int64_t accepted = 0;
  OpenAlerts alerts;
  if (!options.dry_run && !app.interrupted() && answers) {
    tell_alerts(app, std::move(sources), clock);
    if (!app.interrupted()) accepted = accepted_rows(app, reports);
    if (!app.interrupted()) alerts = count_open_alerts(app);
    if (!app.interrupted()) keep_database(app);
  }
  // Like a shell, return 130 after Ctrl-C, so that scripts can tell an abort from a failure. A pass
  // that a service manager ended counts as failed.
  int status = exit_status(reports);
  if (app.interrupted()) status = last_stop_signal() == SIGINT ? 128 + SIGINT : 1;
  if (options.quiet && status == 0) {
    // Receivers are told of an alert once, and cron would tell of it after every pass.
    bool const is_news = app.config().alerts.receivers.empty() && alerts.is_news();
    if (is_news && options.output == Output::table) std::cout << open_alerts_line(alerts);
    return status;
  }
  std::cout << (options.output == Output::json
                    ? summary_json(started_at, finished_at, reports) + "\n"
                    : summary_table(reports, log::look_at_terminal(STDOUT_FILENO), accepted));
  if (auto const line = open_alerts_line(alerts);
      options.output == Output::table && !line.empty()) {
    std::cout << "\n" << line;
  }
  return status;
}

}  // namespace affsync::cli
