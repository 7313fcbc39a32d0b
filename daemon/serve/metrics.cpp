#include "daemon/serve/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <set>

#include "daemon/serve/process_figures.hpp"
#include "version_info.hpp"

namespace affsync::serve {

namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
template <class T>
using Family = prometheus::Family<T>;

Histogram::BucketBoundaries const request_buckets{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
Histogram::BucketBoundaries const run_buckets{1, 5, 15, 60, 300, 900, 3600, 14400};

double unix_seconds(TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

template <class T, class Builder>
Family<T>& make_family(prometheus::Registry& registry, Builder builder, char const* name,
                       char const* help) {
  return builder.Name(name).Help(help).Register(registry);
}

// Of one stream. `counted` is what of the current run is in the counters already.
struct StreamSeries {
  struct Outcome {
    std::int64_t RunReport::*member;
    Counter* counter;
    std::int64_t counted;
  };
  std::vector<Outcome> outcomes;
  Counter* quarantined = nullptr;
  std::int64_t quarantined_counted = 0;
  Gauge* last_success = nullptr;  // null until there was one
  Gauge* unreconciled = nullptr;  // null until the database was asked
  std::map<std::string, Counter*> failures;
};

struct SourceSeries {
  std::map<int, Counter*> requests;
  Counter* throttled = nullptr;
  Gauge* rate = nullptr;
  std::map<std::string, StreamSeries> streams;
};

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  Family<Counter>& rows = counters("affsync_rows_total", "Rows read, by what became of them.");
  Family<Counter>& quarantined =
      counters("affsync_quarantined_total", "Rows that could not be mapped and were set aside.");
  Family<Counter>& requests =
      counters("affsync_requests_total", "Requests to brokers, by HTTP status (none: no answer).");
  Family<Counter>& throttled =
      counters("affsync_throttled_total", "Times that a broker asked for a slower pace.");
  Family<Counter>& failures =
      counters("affsync_run_failures_total", "Runs that failed or stayed partial, by error code.");
  Family<Gauge>& last_success = gauges("affsync_last_success_timestamp_seconds",
                                       "When the last successful run of the stream ended.");
  Family<Gauge>& unreconciled =
      gauges("affsync_unreconciled", "Totals of the broker's that differ from the stored rows.");
  Family<Gauge>& rate =
      gauges("affsync_request_rate", "Requests a second that the limiter allows now.");
  Family<Gauge>& build = gauges("affsync_build_info", "Always 1; the labels tell the build.");
  Gauge& database_up =
      gauges("affsync_database_up", "1 while the database answers, else 0.").Add({});
  Gauge& process_start = gauges("process_start_time_seconds", "When the process started.").Add({});
  Gauge& resident = gauges("process_resident_memory_bytes", "Resident memory.").Add({});
  Gauge& open_files = gauges("process_open_fds", "Open file descriptors.").Add({});
  Counter& cpu = counters("process_cpu_seconds_total", "User and system CPU time.").Add({});
  Histogram& request_duration =
      make_family<Histogram>(registry, prometheus::BuildHistogram(),
                             "affsync_request_duration_seconds", "How long requests took.")
          .Add({}, request_buckets);
  Histogram& run_duration =
      make_family<Histogram>(registry, prometheus::BuildHistogram(), "affsync_run_duration_seconds",
                             "How long runs took.")
          .Add({}, run_buckets);
  std::map<std::string, SourceSeries> sources;

  Family<Counter>& counters(char const* name, char const* help) {
    return make_family<Counter>(registry, prometheus::BuildCounter(), name, help);
  }
  Family<Gauge>& gauges(char const* name, char const* help) {
    return make_family<Gauge>(registry, prometheus::BuildGauge(), name, help);
  }

  StreamSeries& stream(std::string const& source, std::string const& name) {
    auto [place, is_new] = sources[source].streams.try_emplace(name);
    auto& series = place->second;
    if (!is_new) return series;
    prometheus::Labels const labels{{"source", source}, {"stream", name}};
    auto const add = [&](char const* outcome, std::int64_t RunReport::*member) {
      auto all = labels;
      all["outcome"] = outcome;
      series.outcomes.push_back({member, &rows.Add(all), 0});
    };
    add("inserted", &RunReport::inserted);
    add("updated", &RunReport::updated);
    add("unchanged", &RunReport::unchanged);
    add("deleted", &RunReport::deleted);
    add("quarantined", &RunReport::quarantined);
    series.quarantined = &quarantined.Add(labels);
    return series;
  }

  // Adds what has come since the last call for this run.
  void count(RunReport const& report) {
    auto& series = stream(report.source, report.stream);
    auto const add = [](Counter& counter, std::int64_t now, std::int64_t& before) {
      if (now > before) counter.Increment(static_cast<double>(now - before));
      before = std::max(now, before);
    };
    for (auto& outcome : series.outcomes) {
      add(*outcome.counter, report.*outcome.member, outcome.counted);
    }
    add(*series.quarantined, report.quarantined, series.quarantined_counted);
  }

  void begin_count(StreamSeries& series) {
    for (auto& outcome : series.outcomes) outcome.counted = 0;
    series.quarantined_counted = 0;
  }

  void set_last_success(std::string const& source, std::string const& name, TimePoint time) {
    auto& series = stream(source, name);
    if (!series.last_success) {
      series.last_success = &last_success.Add({{"source", source}, {"stream", name}});
    }
    series.last_success->Set(unix_seconds(time));
  }

  void remove(SourceSeries& source) {
    for (auto const& [status, counter] : source.requests) requests.Remove(counter);
    if (source.throttled) throttled.Remove(source.throttled);
    if (source.rate) rate.Remove(source.rate);
    for (auto& [name, series] : source.streams) {
      for (auto const& outcome : series.outcomes) rows.Remove(outcome.counter);
      quarantined.Remove(series.quarantined);
      if (series.last_success) last_success.Remove(series.last_success);
      if (series.unreconciled) unreconciled.Remove(series.unreconciled);
      for (auto const& [code, counter] : series.failures) failures.Remove(counter);
    }
  }
};

Metrics::Metrics(TimePoint process_started_at) : impl_(std::make_unique<Impl>()) {
  impl_->process_start.Set(unix_seconds(process_started_at));
  impl_->build.Add({{"version", AFFSYNC_VERSION}, {"commit", AFFSYNC_COMMIT}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::on_request(std::string const& source, int status, std::chrono::microseconds took) {
  auto& counter = impl_->sources[source].requests[status];
  if (!counter) {
    counter = &impl_->requests.Add(
        {{"source", source}, {"status", status == 0 ? "none" : std::to_string(status)}});
  }
  counter->Increment();
  impl_->request_duration.Observe(std::chrono::duration<double>(took).count());
}

void Metrics::on_throttled(std::string const& source, std::chrono::microseconds) {
  auto& counter = impl_->sources[source].throttled;
  if (!counter) counter = &impl_->throttled.Add({{"source", source}});
  counter->Increment();
}

void Metrics::on_rate(std::string const& source, double requests_per_second) {
  auto& gauge = impl_->sources[source].rate;
  if (!gauge) gauge = &impl_->rate.Add({{"source", source}});
  gauge->Set(requests_per_second);
}

void Metrics::on_run_started(RunReport const& report) {
  impl_->begin_count(impl_->stream(report.source, report.stream));
}

void Metrics::on_progress(RunReport const& report, std::optional<std::int64_t>) {
  impl_->count(report);
}

void Metrics::on_run_ended(RunReport const& report) {
  impl_->count(report);
  auto& series = impl_->stream(report.source, report.stream);
  impl_->begin_count(series);
  if (report.status == RunStatus::skipped) return;  // it did not run
  impl_->run_duration.Observe(std::chrono::duration<double>(report.duration()).count());
  if (report.status == RunStatus::succeeded && report.finished_at) {
    impl_->set_last_success(report.source, report.stream, *report.finished_at);
  }
  if (report.status == RunStatus::failed || report.status == RunStatus::partial) {
    std::string const code(to_string(report.error ? report.error->code : ErrorCode::internal));
    auto& counter = series.failures[code];
    if (!counter) {
      counter = &impl_->failures.Add(
          {{"source", report.source}, {"stream", report.stream}, {"code", code}});
    }
    counter->Increment();
  }
}

void Metrics::on_health(std::vector<schema::StreamHealth> const& streams) {
  for (auto const& health : streams) {
    auto& series = impl_->stream(health.source, health.stream);
    if (health.last_success_at) {
      impl_->set_last_success(health.source, health.stream, *health.last_success_at);
    }
    if (!series.unreconciled) {
      series.unreconciled =
          &impl_->unreconciled.Add({{"source", health.source}, {"stream", health.stream}});
    }
    series.unreconciled->Set(static_cast<double>(health.unreconciled));
  }
}

void Metrics::on_database(bool answers) {
  impl_->database_up.Set(answers ? 1 : 0);
}

void Metrics::keep_sources(std::vector<std::string> const& names) {
  std::set<std::string> const kept(names.begin(), names.end());
  for (auto source = impl_->sources.begin(); source != impl_->sources.end();) {
    if (kept.count(source->first) != 0) {
      ++source;
    } else {
      impl_->remove(source->second);
      source = impl_->sources.erase(source);
    }
  }
}

std::string Metrics::render() const {
  auto const figures = read_process_figures();
  impl_->resident.Set(static_cast<double>(figures.resident_bytes));
  impl_->open_files.Set(figures.open_files);
  impl_->cpu.Increment(std::max(0.0, figures.cpu_seconds - impl_->cpu.Value()));
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace affsync::serve
