#include "daemon/serve/metrics.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "daemon/serve/exposition.hpp"
#include "daemon/serve/figures.hpp"
#include "daemon/serve/money_figures.hpp"
#include "daemon/serve/process_figures.hpp"
#include "schema/store/process_mark.hpp"
#include "version_info.hpp"

namespace affsync::serve {

namespace {

// The final statuses of a run.
constexpr std::array<RunStatus, 6> endings{RunStatus::succeeded, RunStatus::partial,
                                           RunStatus::failed,    RunStatus::continued,
                                           RunStatus::skipped,   RunStatus::cancelled};
// Failures that alerts look for have a series before they happen: rate() does not see the first
// increase of a counter that starts with 1.
constexpr std::array expected_failures{
    ErrorCode::auth_invalid,  ErrorCode::login_refused,  ErrorCode::connect_failed,
    ErrorCode::timeout,       ErrorCode::server_error,   ErrorCode::throttled,
    ErrorCode::totals_differ, ErrorCode::mapping_failed, ErrorCode::rows_quarantined};
// The same for the answers of brokers: success, refusal, throttling, none.
constexpr std::array expected_codes{200, 401, 429, 0};

double unix_seconds(TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

struct Metrics::Impl {
  Sources sources;
  bool settled = false;  // set_streams() was called
  TimePoint started_at{};
  bool database_up = false;
  std::int64_t wrong_tokens = 0, tokens_held_off = 0;
  std::int64_t leases = 0;
  std::optional<Duration> replica_lag;
  schema::ProcessMark const mark = schema::own_mark();
  bool reload_successful = true;
  TimePoint reloaded_at{};
  double cpu_seconds = 0;
  Clock const* clock = nullptr;
  SystemClock system_clock;
  Histogram write_duration{write_bounds};
  StageTotals waited{};
  MoneyFigures money;
  AlertFigures alerts;
  mutable std::size_t last_size = 0;  // of the text of a scrape

  // Writes the series that exist once in the process.
  void write_process(Exposition& out);

  // Returns nullptr for sources that the configuration no longer names, so that runs which are
  // still ending do not bring their series back.
  SourceFigures* find_source(std::string const& source) {
    if (!settled) return &sources[source];
    auto const found = sources.find(source);
    return found == sources.end() ? nullptr : &found->second;
  }
  StreamFigures* find_stream(std::string const& source, std::string const& stream) {
    auto* const figures = find_source(source);
    if (figures == nullptr) return nullptr;
    if (!settled) return &figures->streams[stream];
    auto const found = figures->streams.find(stream);
    return found == figures->streams.end() ? nullptr : &found->second;
  }
};

Metrics::Metrics(TimePoint process_started_at, Clock const* clock)
    : impl_(std::make_unique<Impl>()) {
  impl_->started_at = impl_->reloaded_at = process_started_at;
  impl_->clock = clock != nullptr ? clock : &impl_->system_clock;
}

void Metrics::Impl::write_process(Exposition& out) {
  auto const gauge = [&](char const* name, char const* help, auto value) {
    out.family(name, "gauge", help);
    out.series({}, value);
  };
  auto const figures = read_process_figures();
  cpu_seconds = std::max(cpu_seconds, figures.cpu_seconds);
  out.family("process_cpu_seconds_total", "counter", "User and system CPU time.");
  out.series({}, cpu_seconds);
  gauge("affsync_database_up", "1 while the database answers, else 0.", std::int64_t{database_up});
  gauge("affsync_leases_held", "Leases on streams that this process holds.", leases);
  if (replica_lag) {
    gauge("affsync_database_replica_lag_seconds",
          "Age of the oldest success that database.read_url does not know yet; 0 if it knows all.",
          std::chrono::duration<double>(*replica_lag).count());
  }
  gauge("affsync_config_last_reload_successful",
        "1 if the configuration that was read last is in use.", std::int64_t{reload_successful});
  gauge("affsync_config_last_reload_success_timestamp_seconds",
        "When a configuration was last taken into use.", unix_seconds(reloaded_at));
  out.family(
      "affsync_http_tokens_refused_total", "counter",
      "Requests with a token that were refused: it was wrong, or too many wrong ones came from "
      "the address before.");
  out.series({{"reason", "wrong"}}, wrong_tokens);
  out.series({{"reason", "too_many"}}, tokens_held_off);
  gauge("process_start_time_seconds", "When the process started.", unix_seconds(started_at));
  gauge("process_resident_memory_bytes", "Resident memory.", figures.resident_bytes);
  gauge("process_open_fds", "Open file descriptors.", std::int64_t{figures.open_files});
  out.family("affsync_build_info", "gauge", "Always 1; the labels describe the build.");
  out.series({{"commit", AFFSYNC_COMMIT}, {"version", AFFSYNC_VERSION}}, std::int64_t{1});
  out.family("affsync_db_write_duration_seconds", "histogram",
             "How long it took to store pages of rows, with the wait for a connection.");
  out.histogram({}, write_duration);
  out.family(
      "affsync_stage_wait_seconds_total", "counter",
      "How long runs waited: reading for an answer, mapping and room; storing for a page and "
      "the database.");
  for (std::size_t index = 0; index < stages.size(); ++index) {
    out.series({{"stage", stages[index].name}},
               std::chrono::duration<double>(waited[index]).count());
  }
}

Metrics::~Metrics() = default;

void Metrics::on_request(std::string const& source, int status, std::chrono::microseconds took) {
  auto* const figures = impl_->find_source(source);
  if (figures == nullptr) return;
  ++figures->requests[status];
  figures->request_duration.observe(std::chrono::duration<double>(took).count());
}

void Metrics::on_throttled(std::string const& source, std::chrono::microseconds wait,
                           bool /*is_asked*/) {
  auto* const figures = impl_->find_source(source);
  if (figures == nullptr) return;
  ++figures->throttled;
  figures->waiting_until = impl_->clock->now() + wait;
}

void Metrics::on_written(std::chrono::microseconds took) {
  impl_->write_duration.observe(std::chrono::duration<double>(took).count());
}

void Metrics::on_rate(std::string const& source, double requests_per_second) {
  if (auto* const figures = impl_->find_source(source)) figures->rate = requests_per_second;
}

void Metrics::on_blocked(std::string const& source, std::string const& code, TimePoint until) {
  auto* const figures = impl_->find_source(source);
  if (figures == nullptr) return;
  figures->blocked_code = code;
  figures->blocked_until = until;
}

void Metrics::on_unblocked(std::string const& source) {
  on_blocked(source, {}, {});
}

void Metrics::on_clock_skew(std::string const& source, std::chrono::microseconds skew) {
  auto* const figures = impl_->find_source(source);
  if (figures != nullptr) figures->clock_skew = std::chrono::duration<double>(skew).count();
}

void Metrics::on_run_started(RunReport const& report) {
  auto* const figures = impl_->find_stream(report.source, report.stream);
  if (figures == nullptr) return;
  figures->begin_run();
  figures->running = report;
  figures->progress = progress_of(report, std::nullopt);
}

void Metrics::on_progress(RunReport const& report, std::optional<std::int64_t> expected) {
  auto* const figures = impl_->find_stream(report.source, report.stream);
  if (figures == nullptr) return;
  figures->count(report, impl_->waited);
  figures->running = report;
  figures->progress = progress_of(report, expected);
}

void Metrics::on_run_ended(RunReport const& report) {
  auto* const source = impl_->find_source(report.source);
  if (source != nullptr && report.status != RunStatus::skipped) {
    source->run_duration.observe(std::chrono::duration<double>(report.duration()).count());
  }
  auto* const found = impl_->find_stream(report.source, report.stream);
  if (found == nullptr) return;
  auto& figures = *found;
  figures.count(report, impl_->waited);
  figures.begin_run();
  figures.running.reset();
  if (report.next_run_at) figures.next_run = report.next_run_at;
  ++figures.runs[report.status];
  if (report.status == RunStatus::succeeded) {
    figures.consecutive_failures = 0;
    figures.progress = 1;
  }
  if (report.status == RunStatus::failed) ++figures.consecutive_failures;
  if (report.status == RunStatus::succeeded && report.finished_at) {
    figures.last_success = report.finished_at;
  }
  if (report.status == RunStatus::failed || report.status == RunStatus::partial) {
    ++figures.failures[report.error ? report.error->code : ErrorCode::internal];
  }
}

void Metrics::on_health(std::vector<schema::StreamHealth> const& streams) {
  for (auto const& health : streams) {
    auto* const found = impl_->find_stream(health.source, health.stream);
    if (found == nullptr) continue;
    auto& figures = *found;
    if (health.last_success_at) {
      // The query may be older than a run that has ended meanwhile.
      figures.last_success = std::max(figures.last_success, health.last_success_at);
    }
    StreamFigures::Standing standing;
    standing.quarantined = health.quarantined;
    standing.unreconciled = health.unreconciled;
    standing.proven_days = health.proven_days;
    standing.doubtful_days = health.doubtful_days;
    standing.lost_days = health.lost_days;
    auto const& lease = health.lease;
    auto const& mark = impl_->mark;
    bool const is_own = lease && lease->host == mark.host && lease->process_id == mark.process_id;
    standing.leased_elsewhere = lease && !is_own ? 1 : 0;
    figures.standing = standing;
    if (!figures.next_run) figures.next_run = health.next_run_at;
    if (!figures.running) figures.consecutive_failures = health.consecutive_failures;
    on_blocked(health.source, health.blocked_until ? health.blocked_code : std::string(),
               health.blocked_until.value_or(TimePoint()));
  }
}

void Metrics::on_reload(bool successful) {
  impl_->reload_successful = successful;
  if (successful) impl_->reloaded_at = impl_->clock->now();
}

RunReport const* Metrics::running(std::string const& source, std::string const& stream) const {
  auto const figures = impl_->sources.find(source);
  if (figures == impl_->sources.end()) return nullptr;
  auto const found = figures->second.streams.find(stream);
  if (found == figures->second.streams.end() || !found->second.running) return nullptr;
  return &*found->second.running;
}

void Metrics::set_streams(std::vector<StreamSetting> const& streams) {
  Sources before = std::move(impl_->sources);
  impl_->sources.clear();
  impl_->settled = true;
  for (auto const& setting : streams) {
    auto& old = before[setting.source];
    auto [place, is_new] = impl_->sources.try_emplace(setting.source);
    auto& source = place->second;
    if (is_new) {
      source = old;
      source.streams.clear();
      source.enabled.clear();
      for (auto const code : expected_codes) source.requests.try_emplace(code, 0);
    }
    source.enabled[setting.stream] = setting.interval.has_value();
    if (!setting.interval) continue;
    auto& figures = source.streams[setting.stream] = old.streams[setting.stream];
    figures.interval = setting.interval;
    for (auto const status : endings) figures.runs.try_emplace(status, 0);
    for (auto const code : expected_failures) figures.failures.try_emplace(code, 0);
  }
}

void Metrics::on_leases(std::size_t held) {
  impl_->leases = static_cast<std::int64_t>(held);
}

void Metrics::on_replica(Duration lag) {
  impl_->replica_lag = lag;
}

void Metrics::on_token_refused(TokenRefusal reason) {
  ++(reason == TokenRefusal::wrong ? impl_->wrong_tokens : impl_->tokens_held_off);
}

void Metrics::on_database(bool answers) {
  impl_->database_up = answers;
}

void Metrics::on_money(Money figure, std::vector<MoneyLine> lines, TimePoint now) {
  auto& known = impl_->money[figure];
  known.lines = std::move(lines);
  known.read_at = now;
}

AlertFigures& Metrics::alerts() {
  return impl_->alerts;
}

std::string Metrics::render(TimePoint now) const {
  Exposition out;
  out.reserve(impl_->last_size + impl_->last_size / 16);
  write_figures(out, impl_->sources, impl_->started_at, now);
  write_money(out, impl_->money, impl_->sources);
  impl_->alerts.write(out);
  impl_->write_process(out);
  auto text = out.take();
  impl_->last_size = text.size();
  return text;
}

}  // namespace affsync::serve
