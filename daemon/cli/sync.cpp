// `affsync sync`: one pass over the chosen streams, then a summary.
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/summary.hpp"
#include "daemon/cli/terminal/progress.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/signals.hpp"
#include "daemon/sync/sync_once.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

// Whoever narrows a pass has to know what is read whole all the same.
void tell_what_has_no_days(std::vector<sync::StreamTask> const& tasks) {
  std::string names;
  for (auto const& task : tasks) {
    if (task.plan->spec.window || task.plan->obstacle()) continue;
    names += (names.empty() ? "" : ", ") + task.source() + "/" + task.stream();
  }
  if (names.empty()) return;
  std::cerr << "affsync: not read by date, so whole in spite of --since and --until: " << names
            << "\n";
}

asio::awaitable<std::vector<RunReport>> pass(App& app, SyncOptions const& options,
                                             sync::Observer& observer, Clock& clock) {
  auto tasks =
      co_await app.make_tasks(options.sources, options.streams, !options.dry_run, observer);
  if (tasks.empty()) {
    throw Failure(ErrorCode::usage, "there is nothing to read: no stream is chosen",
                  app.config().sources.empty() ? "Add a source to the configuration."
                                               : "Enable one, or name it with --stream.");
  }
  if (options.since || options.until) tell_what_has_no_days(tasks);
  sync::RunOptions run;
  run.full = options.full;
  run.since = options.since;
  run.until = options.until;
  sync::RunParts parts;
  parts.store = options.dry_run ? nullptr : &app.store();
  parts.clock = &clock;
  parts.observer = &observer;
  co_return co_await sync::sync_once(std::move(tasks), run, parts, app.log());
}

// A stream that the broker does not offer, or that another instance reads, is no failure of ours;
// but where others read all of them, this pass has not read anything.
int exit_status(std::vector<RunReport> const& reports) {
  auto const is_elsewhere = [](RunReport const& report) {
    return report.status == RunStatus::skipped && report.error &&
           report.error->code == ErrorCode::lease_lost;
  };
  int status = !reports.empty() && std::all_of(reports.begin(), reports.end(), is_elsewhere);
  for (auto const& report : reports) {
    bool const database = report.error && report.error->code == ErrorCode::database_unavailable;
    if (database) return to_exit_status(ErrorCode::database_unavailable);
    bool const fine = report.status == RunStatus::succeeded ||
                      report.status == RunStatus::skipped || report.status == RunStatus::continued;
    if (!fine) status = 1;
  }
  return status;
}

}  // namespace

int run_sync(CommonOptions const& common, SyncOptions const& options) {
  if (options.since && options.until && *options.since > *options.until) {
    throw Failure(ErrorCode::usage, "--since is later than --until");
  }
  // The progress display tells what goes on; beside it only what needs attention is logged.
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::warn);
  SystemClock clock;
  auto const started_at = clock.now();
  if (options.dry_run) {
    app.start_existing_database();
  } else {
    app.migrate_database();
  }
  if (options.retry_login) app.retry_refused_logins();

  std::vector<RunReport> reports;
  if (options.quiet) {
    sync::Observer nobody;
    reports = app.run(pass(app, options, nobody, clock));
  } else {
    Progress progress;  // its end takes the live lines away
    reports = app.run(pass(app, options, progress, clock));
  }
  auto const finished_at = clock.now();
  // As a shell has it for Ctrl-C: scripts tell an abort from a failure by it. A pass that a service
  // manager ends is one that was not done.
  int status = exit_status(reports);
  if (app.interrupted()) status = last_stop_signal() == SIGINT ? 128 + SIGINT : 1;
  if (options.quiet && status == 0) return status;
  std::cout << (options.output == Output::json
                    ? summary_json(started_at, finished_at, reports) + "\n"
                    : summary_table(reports, log::look_at_terminal(STDOUT_FILENO)));
  return status;
}

}  // namespace affsync::cli
