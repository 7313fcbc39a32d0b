#include "daemon/serve/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "daemon/serve/exposition.hpp"
#include "daemon/serve/process_figures.hpp"
#include "version_info.hpp"

namespace affsync::serve {

namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

Histogram::BucketBoundaries const request_buckets{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
Histogram::BucketBoundaries const run_buckets{1, 5, 15, 60, 300, 900, 3600, 14400};

struct Outcome {
  char const* name;
  std::int64_t RunReport::*member;
};
constexpr std::array<Outcome, 5> outcomes{{{"inserted", &RunReport::inserted},
                                           {"updated", &RunReport::updated},
                                           {"unchanged", &RunReport::unchanged},
                                           {"deleted", &RunReport::deleted},
                                           {"quarantined", &RunReport::quarantined}}};
constexpr std::size_t quarantined_outcome = 4;

double unix_seconds(TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

struct StreamFigures {
  std::array<std::int64_t, outcomes.size()> rows{};
  std::array<std::int64_t, outcomes.size()> of_this_run{};  // what of it is in `rows` already
  std::optional<TimePoint> last_success;
  std::optional<std::int64_t> unreconciled;  // nullopt until the database was asked
  std::map<ErrorCode, std::int64_t> failures;

  // Adds what has come since the last call for this run.
  void count(RunReport const& report) {
    for (std::size_t index = 0; index < outcomes.size(); ++index) {
      auto const now = report.*outcomes[index].member;
      rows[index] += std::max(std::int64_t{0}, now - of_this_run[index]);
      of_this_run[index] = std::max(of_this_run[index], now);
    }
  }
};

struct SourceFigures {
  std::map<int, std::int64_t> requests;  // by status
  std::int64_t throttled = 0;
  std::optional<double> rate;
  std::map<std::string, StreamFigures> streams;
};

using Sources = std::map<std::string, SourceFigures>;

template <class Write>
void for_each_stream(Sources const& sources, Write write) {
  for (auto const& [source, figures] : sources) {
    for (auto const& [stream, series] : figures.streams) write(source, stream, series);
  }
}

void write_sources(Exposition& out, Sources const& sources) {
  out.family("affsync_requests_total", "counter",
             "Requests to brokers, by HTTP status (none: no answer).");
  for (auto const& [source, figures] : sources) {
    for (auto const& [status, count] : figures.requests) {
      auto const word = status == 0 ? std::string("none") : std::to_string(status);
      out.series({{"source", source}, {"status", word}}, count);
    }
  }
  out.family("affsync_throttled_total", "counter", "Times that a broker asked for a slower pace.");
  for (auto const& [source, figures] : sources) {
    out.series({{"source", source}}, figures.throttled);
  }
  out.family("affsync_request_rate", "gauge", "Requests a second that the limiter allows now.");
  for (auto const& [source, figures] : sources) {
    if (figures.rate) out.series({{"source", source}}, *figures.rate);
  }
}

void write_streams(Exposition& out, Sources const& sources) {
  out.family("affsync_rows_total", "counter", "Rows read, by what became of them.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    for (std::size_t index = 0; index < outcomes.size(); ++index) {
      out.series({{"source", source}, {"stream", stream}, {"outcome", outcomes[index].name}},
                 figures.rows[index]);
    }
  });
  out.family("affsync_quarantined_total", "counter",
             "Rows that could not be mapped and were set aside.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    out.series({{"source", source}, {"stream", stream}}, figures.rows[quarantined_outcome]);
  });
  out.family("affsync_run_failures_total", "counter",
             "Runs that failed or stayed partial, by error code.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    for (auto const& [code, count] : figures.failures) {
      out.series({{"source", source}, {"stream", stream}, {"code", to_string(code)}}, count);
    }
  });
  out.family("affsync_last_success_timestamp_seconds", "gauge",
             "When the last successful run of the stream ended.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    if (!figures.last_success) return;
    auto const seconds = std::chrono::floor<std::chrono::seconds>(*figures.last_success);
    out.series({{"source", source}, {"stream", stream}}, seconds.time_since_epoch().count());
  });
  out.family("affsync_unreconciled", "gauge",
             "Totals of the broker's that differ from the stored rows.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    if (figures.unreconciled) {
      out.series({{"source", source}, {"stream", stream}}, *figures.unreconciled);
    }
  });
}

}  // namespace

struct Metrics::Impl {
  Sources sources;
  prometheus::Registry registry;  // what there is once in the process
  Gauge& database_up = gauge("affsync_database_up", "1 while the database answers, else 0.");
  Gauge& process_start = gauge("process_start_time_seconds", "When the process started.");
  Gauge& resident = gauge("process_resident_memory_bytes", "Resident memory.");
  Gauge& open_files = gauge("process_open_fds", "Open file descriptors.");
  Counter& cpu = prometheus::BuildCounter()
                     .Name("process_cpu_seconds_total")
                     .Help("User and system CPU time.")
                     .Register(registry)
                     .Add({});
  Histogram& request_duration =
      histogram("affsync_request_duration_seconds", "How long requests took.", request_buckets);
  Histogram& run_duration =
      histogram("affsync_run_duration_seconds", "How long runs took.", run_buckets);

  Gauge& gauge(char const* name, char const* help, prometheus::Labels const& labels = {}) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
  }
  Histogram& histogram(char const* name, char const* help,
                       Histogram::BucketBoundaries const& buckets) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
  }
  StreamFigures& stream(RunReport const& report) {
    return sources[report.source].streams[report.stream];
  }
};

Metrics::Metrics(TimePoint process_started_at) : impl_(std::make_unique<Impl>()) {
  impl_->process_start.Set(unix_seconds(process_started_at));
  impl_
      ->gauge("affsync_build_info", "Always 1; the labels tell the build.",
              {{"version", AFFSYNC_VERSION}, {"commit", AFFSYNC_COMMIT}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::on_request(std::string const& source, int status, std::chrono::microseconds took) {
  ++impl_->sources[source].requests[status];
  impl_->request_duration.Observe(std::chrono::duration<double>(took).count());
}

void Metrics::on_throttled(std::string const& source, std::chrono::microseconds) {
  ++impl_->sources[source].throttled;
}

void Metrics::on_rate(std::string const& source, double requests_per_second) {
  impl_->sources[source].rate = requests_per_second;
}

void Metrics::on_run_started(RunReport const& report) {
  impl_->stream(report).of_this_run = {};
}

void Metrics::on_progress(RunReport const& report, std::optional<std::int64_t>) {
  impl_->stream(report).count(report);
}

void Metrics::on_run_ended(RunReport const& report) {
  auto& figures = impl_->stream(report);
  figures.count(report);
  figures.of_this_run = {};
  if (report.status == RunStatus::skipped) return;  // it did not run
  impl_->run_duration.Observe(std::chrono::duration<double>(report.duration()).count());
  if (report.status == RunStatus::succeeded && report.finished_at) {
    figures.last_success = report.finished_at;
  }
  if (report.status == RunStatus::failed || report.status == RunStatus::partial) {
    ++figures.failures[report.error ? report.error->code : ErrorCode::internal];
  }
}

void Metrics::on_health(std::vector<schema::StreamHealth> const& streams) {
  for (auto const& health : streams) {
    auto& figures = impl_->sources[health.source].streams[health.stream];
    if (health.last_success_at) figures.last_success = health.last_success_at;
    figures.unreconciled = health.unreconciled;
  }
}

void Metrics::on_database(bool answers) {
  impl_->database_up.Set(answers ? 1 : 0);
}

void Metrics::keep_sources(std::vector<std::string> const& names) {
  std::set<std::string> const kept(names.begin(), names.end());
  std::erase_if(impl_->sources, [&](auto const& entry) { return kept.count(entry.first) == 0; });
}

std::string Metrics::render() const {
  auto const figures = read_process_figures();
  impl_->resident.Set(static_cast<double>(figures.resident_bytes));
  impl_->open_files.Set(figures.open_files);
  impl_->cpu.Increment(std::max(0.0, figures.cpu_seconds - impl_->cpu.Value()));
  Exposition out;
  write_sources(out, impl_->sources);
  write_streams(out, impl_->sources);
  return out.take() + prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace affsync::serve
