// Wires everything together for one command: configuration, connectors, database, sources. The only
// unit that knows all these types. Lives on the main thread, which is also the I/O thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "config/load.hpp"
#include "config/model.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/sync/observer.hpp"
#include "daemon/sync/source_session.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/examine.hpp"
#include "schema/store/migrate.hpp"
#include "schema/store/store.hpp"

namespace affsync {

struct PreparedSource;

class App {
 public:
  // Reads the configuration and all connector files, nothing else. `log_level` overrides that of
  // the configuration. Throws Failure: config_invalid, secret_missing (of those that are needed).
  App(std::string const& config_option, std::optional<LogLevel> log_level,
      config::Secrets needed = config::Secrets::all);
  // The same with a configuration that is in memory only; it cannot be reloaded.
  App(config::Config config, std::optional<LogLevel> log_level);
  ~App();

  // For a daemon, which goes on also if nobody reads its log.
  void log_behind();
  config::Config const& config() const;
  // What tells this configuration from others on the same database.
  std::string instance() const;
  // The connectors that the sources name, and the user's; also those whose file is invalid.
  std::vector<engine::Manifest> const& manifests() const;
  Logger log() const;
  // Whether programs read the log, which then also has the error that ends a daemon.
  bool logs_for_programs() const;
  boost::asio::io_context& io();
  // The threads that parse and map pages.
  async::Workers& workers();

  // Called on another thread, every few seconds while the embedded server takes long to start, with
  // what it is doing.
  void on_start_step(std::function<void(std::string const&)> told);
  // Starts the embedded cluster if the configuration asks for it; connects to nothing.
  // Throws Failure(database_unavailable).
  void start_database();
  // The same for a command that only reads: store() then reads from `database.read_url` if it is
  // set.
  void start_database_for_reading();
  // Like start_database, but never creates an embedded cluster and never throws. For commands that
  // need no database but must respect the refused logins stored there.
  void start_existing_database();
  // start_database, then brings the schema up to date. SIGINT and SIGTERM end it. `still_at_it` is
  // called every five seconds until it ends, with what takes so long if that is known. Views that a
  // long query holds may stay as they are, with a warning, unless `whole`. Throws Failure:
  // database_unavailable, migration_failed, cancelled.
  using StillAtIt = std::function<void(std::string const& what)>;
  schema::MigrationReport migrate_database(schema::MigrationRequest const& request = {},
                                           StillAtIt const& still_at_it = {}, bool whole = false);
  // Requires start_database.
  schema::Store& store();
  // For further sessions. Requires start_database.
  schema::StoreOptions database_options() const;
  // The retention of the current configuration.
  schema::Retention retention() const;
  // Returns a libpq connection string for psql and BI tools, without the password.
  std::string shown_database_url() const;
  // True if this process started the embedded server, which then ends with it.
  bool serves_database() const;
  // Checks whether affsync can work in the database; writes nothing. Not for an embedded one.
  // With `for_reading` that of `database.read_url`, which accepts no writes.
  Result<schema::Examination> examine_database(bool for_reading = false);

  // Throws Failure: usage if the configuration has no source, or none or no stream of such a name;
  // config_invalid. For what must be right before the database is touched.
  void require_chosen(std::vector<std::string> const& sources,
                      std::vector<std::string> const& streams);

  // Makes plans and sessions of the chosen sources and streams. Unknown names throw Failure(usage).
  // Leaves out streams that are off unless they are named. Registers the sources in the database
  // if `with_database`.
  boost::asio::awaitable<std::vector<sync::StreamTask>> make_tasks(std::vector<std::string> sources,
                                                                   std::vector<std::string> streams,
                                                                   bool with_database,
                                                                   sync::Observer& observer);
  // For interactive commands: a broker that asks for a wait longer than `longest` ends the run.
  void wait_at_most(Duration longest);
  // Shows every answer of a broker to `recorder`. Call it before make_tasks.
  void record_answers(std::function<void(HttpRequest const&, HttpResponse const&)> recorder);
  // For credentials that may be others than the daemon's: a refusal does not stop the daemon.
  void only_try_logins();
  // Tries sources even if their login or key is blocked after a refusal.
  void retry_refused_logins();
  // Reads the configuration and connectors again. Throws and keeps the old ones if that fails. The
  // next make_tasks keeps the sessions of unchanged sources and forgets refused logins. Settings
  // that need a restart keep their old values; returns the names of those that differ
  // ("http.listen", …).
  std::vector<std::string> reload();
  // Restores the configuration in use after the one read by reload() could not be applied.
  void undo_reload();
  // Returns source and name of all streams of the sources that make_tasks was called for, including
  // those that are off.
  std::vector<std::pair<std::string, std::string>> streams() const;
  // Completes a reload: the new configuration is in use. Closes the sessions of sources that it no
  // longer names.
  void forget_other_sessions();

  // Runs `work` to its end on this thread and returns its result. Must not be called from a
  // coroutine. The first SIGINT or SIGTERM cancels it (terminal), the second ends the process
  // immediately. Throws Failure(cancelled) if a signal came before it, or ended it.
  void run(boost::asio::awaitable<void> work);
  template <class T>
  T run(boost::asio::awaitable<T> work);
  // True once a signal has asked the process to end.
  bool interrupted() const;

 private:
  void open_database();
  Result<schema::MigrationReport> migrate_watched(schema::MigrationRequest const& request,
                                                  StillAtIt const& still_at_it, bool whole);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <class T>
T App::run(boost::asio::awaitable<T> work) {
  std::optional<T> result;
  auto body = [](boost::asio::awaitable<T> inner,
                 std::optional<T>& out) -> boost::asio::awaitable<void> {
    out.emplace(co_await std::move(inner));
  };
  run(body(std::move(work), result));
  return std::move(*result);
}

// Returns the built-in connectors and those of `connectors_dir`, which replace built-in ones of the
// same name. One whose file is invalid has a `flaw`. Throws Failure(config_invalid) if the
// directory or a file cannot be read.
std::vector<engine::Manifest> load_manifests(std::string const& connectors_dir);
// Returns those that the sources name, and the user's; all if a source names none of them. To parse
// all takes longer than most commands.
std::vector<engine::Manifest> load_manifests_of(config::Config const& config);
// Removes those whose file is invalid, and returns what is wrong with each.
std::vector<Error> take_flawed(std::vector<engine::Manifest>& manifests);
// Warns of the invalid files of connectors that no source uses.
void warn_of_flawed(std::vector<engine::Manifest> const& manifests, config::Config const& config,
                    Logger const& log);
// Returns those that can be used and the built-in ones, in the order of their names.
std::vector<engine::Manifest> listed_manifests(std::vector<engine::Manifest> own);
// Returns these and the built-in ones that they do not replace.
std::vector<engine::Manifest> with_builtin_manifests(std::vector<engine::Manifest> own);

}  // namespace affsync
