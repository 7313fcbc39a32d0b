#include "daemon/app.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <random>
#include <set>
#include <string_view>
#include <thread>

#include "base/crash_point.hpp"
#include "config/load.hpp"
#include "daemon/async/cancel_safe.hpp"
#include "daemon/chosen_config.hpp"
#include "daemon/chosen_names.hpp"
#include "daemon/database.hpp"
#include "daemon/database_url.hpp"
#include "daemon/instance.hpp"
#include "daemon/log/log_sink.hpp"
#include "daemon/proof/recording.hpp"
#include "daemon/restart_needs.hpp"
#include "daemon/retention_of.hpp"
#include "daemon/session_inputs.hpp"
#include "daemon/signals.hpp"
#include "daemon/source_plans.hpp"
#include "daemon/source_registration.hpp"
#include "daemon/sync/item_values.hpp"
#include "daemon/sync/page_workers.hpp"
#include "daemon/sync/past_requests.hpp"
#include "daemon/sync/run_times.hpp"
#include "daemon/watched_migration.hpp"
#include "version_info.hpp"

namespace affsync {

namespace asio = boost::asio;
namespace {

constexpr char const* stopped_before = "stopped by a signal before the work had begun";
constexpr char const* stopped_meanwhile = "stopped by a signal before the end of the work";

}  // namespace

struct App::Impl {
  struct Session {
    SessionInputs inputs;
    std::shared_ptr<sync::SourceSession> session;
    std::vector<std::shared_ptr<engine::StreamPlan const>> streams;
  };

  std::string file;
  std::optional<LogLevel> log_level;
  config::Config config;
  std::vector<engine::Manifest> manifests;
  engine::SharedSpecs shared;
  struct Before {
    config::Config config;
    std::vector<engine::Manifest> manifests;
  };
  std::optional<Before> before;  // the configuration in use until a reload has been applied
  std::unique_ptr<log::ConsoleLog> sink;
  asio::io_context io{1};
  SystemClock clock;
  async::TimerSleeper sleeper;
  std::mt19937_64 random{std::random_device{}()};
  std::unique_ptr<Database> database;
  std::unique_ptr<schema::Store> store;
  std::map<std::string, Session> sessions;
  std::shared_ptr<sync::ClockWitnesses> witnesses = std::make_shared<sync::ClockWitnesses>();
  bool interrupted = false;
  std::optional<Duration> longest_wait;
  std::function<void(std::string const&)> on_start_step;
  proof::Recorder recorder;     // may be empty
  bool retry_refused = false;   // --retry-login was given
  bool only_tries = false;      // credentials that the daemon may not have
  bool forget_refused = false;  // the next make_tasks lifts all blocks, after a reload
  async::Workers workers = sync::page_workers();  // last member, so that its threads end first

  Session& session_of(PreparedSource prepared, Logger const& log, sync::Observer& observer);
};

App::App(std::string const& config_option, std::optional<LogLevel> log_level,
         config::Secrets needed)
    : App(load_chosen_config(config_option, needed), log_level) {}

App::App(config::Config config, std::optional<LogLevel> log_level)
    : impl_(std::make_unique<Impl>()) {
  impl_->file = config.file;
  impl_->log_level = log_level;
  impl_->config = with_readable_urls(std::move(config));
  impl_->manifests = load_manifests_of(impl_->config);
  impl_->sink = std::make_unique<log::ConsoleLog>(log_level.value_or(impl_->config.log.level),
                                                  impl_->config.log.format);
  warn_of_flawed(impl_->manifests, impl_->config, log());
}

App::~App() {
  for (auto& [name, session] : impl_->sessions) session.session->close();
  if (impl_->store) impl_->store->shut_down(std::chrono::milliseconds(1000));
}

config::Config const& App::config() const {
  return impl_->config;
}
std::vector<engine::Manifest> const& App::manifests() const {
  return impl_->manifests;
}
Logger App::log() const {
  return Logger(*impl_->sink);
}
bool App::logs_for_programs() const {
  return impl_->sink->is_for_programs();
}
asio::io_context& App::io() {
  return impl_->io;
}
async::Workers& App::workers() {
  return impl_->workers;
}
bool App::interrupted() const {
  return impl_->interrupted;
}
void App::wait_at_most(Duration longest) {
  impl_->longest_wait = longest;
}
void App::on_start_step(std::function<void(std::string const&)> told) {
  impl_->on_start_step = std::move(told);
}
void App::record_answers(proof::Recorder recorder) {
  impl_->recorder = std::move(recorder);
}

void App::start_database() {
  if (impl_->database) return;
  open_database();
  impl_->store = schema::make_pg_store(impl_->database->options());
}

void App::start_database_for_reading() {
  if (impl_->database) return;
  open_database();
  impl_->store = schema::make_pg_store(impl_->database->reading_options());
}

void App::log_behind() {
  impl_->sink->write_behind();
}

std::string App::instance() const {
  auto const& given = impl_->config.instance;
  return given.empty() ? instance_of(impl_->file) : given;
}

void App::open_database() {
  // Called on the threads that watch the embedded server and the leases; logging belongs on the I/O
  // thread.
  auto on_event = [impl = impl_.get()](std::string const& text) {
    asio::post(impl->io, [impl, text] { Logger(*impl->sink).warn(text); });
  };
  impl_->database = std::make_unique<Database>(impl_->config.database, instance(),
                                               std::move(on_event), impl_->on_start_step);
}

void App::start_existing_database() {
  if (!is_database_there(impl_->config.database)) return;
  try {
    start_database();
  } catch (Failure const& failure) {
    log().debug("the database could not be started", {{"error", failure.error().message}});
  }
}

void App::only_try_logins() {
  impl_->only_tries = true;
}
void App::retry_refused_logins() {
  impl_->retry_refused = true;
}

schema::MigrationReport App::migrate_database(schema::MigrationRequest const& request,
                                              StillAtIt const& still_at_it, bool whole) {
  start_database();
  // An embedded server ends with the command that started it; then ours starts it again: retry.
  for (int attempts = impl_->config.database.embedded() ? 3 : 1;; --attempts) {
    auto report = migrate_watched(request, still_at_it, whole);
    bool const gone = !report && report.error().code == ErrorCode::database_unavailable;
    if (gone && attempts > 1 && !impl_->interrupted) continue;
    if (report) tell_what_migrating_left(*report, log());
    return std::move(report).value();
  }
}

Result<schema::MigrationReport> App::migrate_watched(schema::MigrationRequest const& request,
                                                     StillAtIt const& still_at_it, bool whole) {
  schema::MigrationWatch watch;
  watch.views_may_wait = !whole;
  return affsync::migrate_watched(impl_->io, impl_->database->options(), request, watch,
                                  still_at_it, [this] { impl_->interrupted = true; });
}

schema::Retention App::retention() const {
  return retention_of(impl_->config.retention);
}

schema::Store& App::store() {
  return *impl_->store;
}
schema::StoreOptions App::database_options() const {
  return impl_->database->options();
}
std::string App::shown_database_url() const {
  return impl_->database->shown_url();
}

bool App::serves_database() const {
  return impl_->database->started_here();
}

Result<schema::Examination> App::examine_database(bool for_reading) {
  start_database();
  auto const& database = *impl_->database;
  return schema::examine(for_reading ? database.reading_options() : database.options());
}

App::Impl::Session& App::Impl::session_of(PreparedSource prepared, Logger const& log,
                                          sync::Observer& observer) {
  auto& entry = sessions[prepared.plan.source];
  auto inputs = session_inputs(prepared);
  if (entry.session && entry.inputs == inputs) return entry;

  sync::SessionParts parts;
  parts.clock = &clock;
  parts.sleeper = &sleeper;
  parts.observer = &observer;
  parts.witnesses = witnesses;
  parts.workers = &workers;
  parts.longest_wait = longest_wait;
  parts.random = [this] { return std::uniform_real_distribution<>(0, 1)(random); };
  parts.make_client = proof::recorded(client_maker(prepared, io.get_executor()), recorder);
  parts.other_secrets = proxy_secrets(prepared);
  if (prepared.login_client) {
    parts.make_login_client =
        proof::recorded(login_client_maker(prepared, io.get_executor()), recorder);
  }
  entry.inputs = std::move(inputs);
  entry.streams = prepared.plan.streams;
  entry.session =
      std::make_shared<sync::SourceSession>(std::move(prepared.plan), std::move(parts), log);
  return entry;
}

void App::require_chosen(std::vector<std::string> const& sources,
                         std::vector<std::string> const& streams) {
  refuse_without_sources(impl_->config);
  prepare_chosen(impl_->config, impl_->manifests, &impl_->shared, sources, streams);
}

asio::awaitable<std::vector<sync::StreamTask>> App::make_tasks(std::vector<std::string> sources,
                                                               std::vector<std::string> streams,
                                                               bool with_database,
                                                               sync::Observer& observer) {
  // Check everything before anything is registered or sent.
  auto prepared = prepare_chosen(impl_->config, impl_->manifests, &impl_->shared, sources, streams);
  auto const source_names = names_of_sources(impl_->config);
  for (auto const& [name, sentence] : repeated_accounts(prepared)) {
    log().warn(sentence, {{"source", name}});
  }

  std::vector<schema::SourceRegistered> registered(prepared.size());
  if (with_database) {
    registered = co_await register_sources(*impl_->store, prepared, source_names, streams, log());
    crash_point(CrashPoint::streams_registered);
  }
  std::vector<schema::BlockKey> blocks;
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    blocks.push_back(block_key_of(prepared[i].plan, registered[i].source_id));
  }
  std::vector<int> lifted;
  if (impl_->forget_refused) lifted = co_await lift_blocks(*impl_->store, blocks, log());
  std::vector<sync::StreamTask> tasks;
  std::map<int, sync::SourceSession*> limited;
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    auto& source = prepared[i];
    auto const& config = *source.config;
    int const source_id = registered[i].source_id;
    if (!source.warning.empty()) log().warn(source.warning, {{"source", source.plan.source}});
    auto& session = impl_->session_of(std::move(source), log(), observer);
    auto& refusals = session.session->refusals();
    refusals.keep_in(impl_->store.get(), std::move(blocks[i]));
    if (with_database) {
      limited[source_id] = session.session.get();
      session.session->begin_with(registered[i].learned_rate);
    }
    if (impl_->retry_refused) refusals.try_anyway();
    if (impl_->only_tries) refusals.only_try();
    if (impl_->forget_refused) refusals.forget_here();
    for (auto const& plan : session.streams) {
      bool const named = !streams.empty() && chosen(streams, plan->stream);
      if (!(streams.empty() ? plan->spec->enabled : named)) continue;
      sync::StreamTask task;
      task.session = session.session;
      task.plan = plan;
      task.id = schema::StreamId(source_id, plan->stream, registered[i].created_at);
      task.every = schedule_of(config, plan->spec).value();
      task.full_every = full_schedule_of(config, plan->spec).value();
      task.mass_drop_limit = config.mass_drop_limit;
      task.reconcile_warns = reconcile_warns(config, plan->stream);
      if (!with_database && impl_->store) co_await sync::find_items(task, *impl_->store);
      // What a refused login held up is due at once.
      bool const at_once = std::ranges::find(lifted, source_id) != lifted.end();
      if (!at_once) task.due_at = sync::due_at(task, registered[i].times, impl_->clock.now());
      tasks.push_back(std::move(task));
    }
  }
  if (!limited.empty()) {
    co_await sync::count_past_requests(std::move(limited), *impl_->store);
  }
  impl_->forget_refused = false;
  co_return tasks;
}

std::vector<std::string> App::reload() {
  auto config =
      with_readable_urls(config::load_config(impl_->file, config::process_environment()).value());
  if (!impl_->config.sources.empty()) refuse_without_sources(config);
  auto manifests = load_manifests_of(config);
  prepare_chosen(config, manifests, &impl_->shared, {}, {});
  warn_of_flawed(manifests, config, log());
  auto needs_restart = keep_what_needs_a_restart(config, impl_->config);
  Impl::Before replaced{std::exchange(impl_->config, std::move(config)),
                        std::exchange(impl_->manifests, std::move(manifests))};
  // Keep the configuration in use, not one that was read but never applied.
  if (!impl_->before) impl_->before = std::move(replaced);
  impl_->forget_refused = true;
  impl_->sink->set_level(impl_->log_level.value_or(impl_->config.log.level));
  return needs_restart;
}

void App::undo_reload() {
  if (!impl_->before) return;
  impl_->config = std::move(impl_->before->config);
  impl_->manifests = std::move(impl_->before->manifests);
  impl_->before.reset();
  impl_->sink->set_level(impl_->log_level.value_or(impl_->config.log.level));
}

std::vector<std::pair<std::string, std::string>> App::streams() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (auto const& [source, session] : impl_->sessions) {
    for (auto const& plan : session.streams) all.emplace_back(source, plan->stream);
  }
  return all;
}

void App::forget_other_sessions() {
  impl_->before.reset();
  std::set<std::string_view> names;
  for (auto const& source : impl_->config.sources) names.insert(source.name);
  std::erase_if(impl_->sessions, [&](auto& entry) {
    bool const gone = !names.contains(entry.first);
    if (gone) entry.second.session->close();
    return gone;
  });
  impl_->shared.tidy();
}

void App::run(asio::awaitable<void> work) {
  // A signal may have come while what ran before was about to end, and did not end it any more.
  if (impl_->interrupted) throw Failure(ErrorCode::cancelled, stopped_before);
  asio::cancellation_signal cancel;
  StopSignals const signals(impl_->io, [&] {
    impl_->interrupted = true;
    cancel.emit(asio::cancellation_type::terminal);
    // The work may wait for a statement that nothing else ends.
    if (impl_->store) impl_->store->shut_down(longest_last_page);
  });
  std::exception_ptr failure;
  bool ended = false;
  auto on_end = [&](std::exception_ptr thrown) { failure = thrown, ended = true; };
  auto calm = async::cancel_safe(std::move(work));
  asio::co_spawn(impl_->io, std::move(calm),
                 asio::bind_cancellation_slot(cancel.slot(), std::move(on_end)));
  run_until(impl_->io, [&] { return ended; });
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (boost::system::system_error const& error) {
    // A pass handles a cancellation itself once it is under way; `check` and its like do not.
    if (!impl_->interrupted || error.code() != asio::error::operation_aborted) throw;
    throw Failure(ErrorCode::cancelled, stopped_meanwhile);
  }
}

}  // namespace affsync
