// Wires everything together for one command: configuration, connectors, database, sources. The only
// place that knows all types. Lives on the main thread, which is also the I/O thread.
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
#include "config/model.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
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
  // Reads the configuration and all connector files; nothing else is touched. `log_level`
  // replaces the configuration's. Throws Failure: config_invalid, secret_missing.
  App(std::string const& config_option, std::optional<LogLevel> log_level);
  ~App();

  config::Config const& config() const;
  std::vector<engine::Manifest> const& manifests() const;
  Logger log() const;
  boost::asio::io_context& io();

  // Starts the embedded cluster if the configuration says so and connects nothing else.
  // Throws Failure(database_unavailable).
  void start_database();
  // start_database, unless that would make an embedded cluster; nothing is thrown. For commands
  // that need no database, but keep to what it says about refused logins.
  void start_existing_database();
  // start_database, then brings the schema up to date. SIGINT and SIGTERM end it; `still_at_it` is
  // called every five seconds while it goes on. Throws Failure: + migration_failed, cancelled.
  schema::MigrationReport migrate_database(bool dry_run = false,
                                           std::function<void()> const& still_at_it = {});
  // After start_database.
  schema::Store& store();
  // As the configuration says now.
  schema::Retention retention() const;
  // A libpq string for psql and BI tools, without a password.
  std::string shown_database_url() const;
  // The server is ours, and ends with this process.
  bool serves_database() const;
  // Whether affsync could work in the database, without writing anything; not for an embedded one.
  Result<schema::Examination> examine_database();

  // Plans and sessions of the chosen sources and streams. Unknown names throw Failure(usage).
  // Streams that are off are left out unless they are named. Registers the sources in the database
  // when `with_database`.
  boost::asio::awaitable<std::vector<sync::StreamTask>> make_tasks(std::vector<std::string> sources,
                                                                   std::vector<std::string> streams,
                                                                   bool with_database,
                                                                   sync::Observer& observer);
  // For commands that somebody waits for: a broker that asks for a longer pause ends them.
  void wait_at_most(Duration longest);
  // Sources are tried although their login or key was refused a moment ago.
  void retry_refused_logins();
  // Reads configuration and connectors again; the old ones stay when that fails (throws). Sessions
  // of sources that did not change live on in the next make_tasks, which forgets refused logins.
  // What the new one changes that only a restart can change is left as it is and given back:
  // "http.listen", …
  std::vector<std::string> reload();
  // Goes back to what is in use, when what reload() brought could not be put to use.
  void undo_reload();
  // Source and name of all streams of the sources that make_tasks was called for, those that are
  // off too.
  std::vector<std::pair<std::string, std::string>> streams() const;
  // The configuration is in use now: sessions of sources that it no longer names are closed.
  void forget_other_sessions();

  // Runs `work` to its end on this thread and gives its result; not to be called from a coroutine.
  // The first SIGINT or SIGTERM cancels it (terminal), the second ends the process at once.
  void run(boost::asio::awaitable<void> work);
  template <class T>
  T run(boost::asio::awaitable<T> work);
  // A signal has asked for the end.
  bool interrupted() const;

 private:
  Result<schema::MigrationReport> migrate_watched(bool dry_run,
                                                  std::function<void()> const& still_at_it);
  boost::asio::awaitable<std::vector<int>> register_sources(std::vector<PreparedSource>& prepared,
                                                            std::vector<std::string> configured,
                                                            std::vector<std::string> named);

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

// The connectors compiled in and those of `connectors_dir` (which win on equal names).
// Throws Failure(config_invalid).
std::vector<engine::Manifest> load_manifests(std::string const& connectors_dir);

}  // namespace affsync
