// `affsync run`: the daemon.
#include <boost/asio/awaitable.hpp>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/daemon.hpp"
#include "daemon/running_daemon.hpp"
#include "daemon/serve/service_manager.hpp"
#include "daemon/signals.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli {
namespace {

// A file that says nothing at all, not even where the database is, has been emptied: a service's
// own says that.
void refuse_emptied(config::Config const& config) {
  config::DatabaseConfig const unsaid;
  bool const says_database =
      !config.database.embedded() || config.database.state_dir != unsaid.state_dir;
  if (!says_database) refuse_without_sources(config);
}

boost::asio::awaitable<void> run_with_sources(App& app, Daemon& daemon) {
  if (app.config().sources.empty()) {
    co_await refuse_lost_sources(app.store(), app.instance(), app.config().file);
  }
  co_await daemon.run();
}

int run_with(App& app) {
  refuse_emptied(app.config());
  app.log_behind();
  HangUps hangups(app.io());
  serve::ServiceManager const manager;
  app.on_start_step(
      [manager](std::string const& step) { manager.extend_start(std::chrono::minutes(1), step); });
  schema::MigrationReport report;
  try {
    std::string told;
    report = app.migrate_database({}, [&](std::string const& what) {
      std::string text = "bringing the database schema up to date";
      if (!what.empty()) text += ": " + what;
      manager.extend_start(std::chrono::minutes(1), text);
      if (what.empty() || what == told) return;
      told = what;
      app.log().info(text);
    });
  } catch (Failure const& failure) {
    if (failure.error().code != ErrorCode::cancelled) throw;
    app.log().info("stopped during the migration of the database schema");
    return 0;
  }
  for (auto const& file : report.applied) {
    app.log().info("database schema brought up to date", {{"migration", file}});
  }
  Daemon daemon(app, hangups);
  try {
    app.run(run_with_sources(app, daemon));
  } catch (Failure const& failure) {
    // A signal during the start is not a failure either.
    if (!app.interrupted() || failure.error().code != ErrorCode::cancelled) throw;
    app.log().info("stopped during the start");
  }
  return 0;
}

}  // namespace

int run_daemon(CommonOptions const& common) {
  ignore_hangups();  // what is asked before the configuration is read is done by reading it
  App app(common.config_file, common.log_level());
  try {
    return run_with(app);
  } catch (Failure const& failure) {
    // Who watches the log would not find a line of another form.
    if (!app.logs_for_programs()) throw;
    app.log().error(failure.error());
    return to_exit_status(failure.error().code);
  }
}

}  // namespace affsync::cli
