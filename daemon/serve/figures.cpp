#include "daemon/serve/figures.hpp"

#include "daemon/serve/readiness.hpp"

namespace affsync::serve {

namespace {

constexpr std::array<char const*, 3> block_codes{"auth_invalid", "login_refused", "throttled"};

template <class Write>
void for_each_stream(Sources const& sources, Write write) {
  for (auto const& [source, figures] : sources) {
    for (auto const& [stream, series] : figures.streams) write(source, stream, series);
  }
}

void write_sources(Exposition& out, Sources const& sources, TimePoint now) {
  out.family("affsync_requests_total", "counter",
             "Requests to brokers, by HTTP status (none: no answer).");
  for (auto const& [source, figures] : sources) {
    for (auto const& [status, count] : figures.requests) {
      auto const word = status == 0 ? std::string("none") : std::to_string(status);
      out.series({{"source", source}, {"code", word}}, count);
    }
  }
  out.family("affsync_throttled_requests_total", "counter",
             "Requests after which the broker asked for a slower pace.");
  for (auto const& [source, figures] : sources) {
    out.series({{"source", source}}, figures.throttled);
  }
  out.family("affsync_request_rate_limit", "gauge",
             "Requests per second that the limiter allows now.");
  for (auto const& [source, figures] : sources) {
    if (figures.rate) out.series({{"source", source}}, *figures.rate);
  }
  out.family(
      "affsync_source_waiting_until_timestamp_seconds", "gauge",
      "Until when nothing is sent to the source, since its broker asked for a pause or refused the "
      "login or the key; 0: it is not waiting.");
  for (auto const& [source, figures] : sources) {
    auto const until = std::max(figures.waiting_until, figures.blocked_until);
    auto const seconds = std::chrono::ceil<std::chrono::seconds>(until).time_since_epoch().count();
    out.series({{"source", source}}, std::int64_t{now < until ? seconds : 0});
  }
  out.family("affsync_clock_skew_seconds", "gauge",
             "Our clock minus the broker's, from the Date of its latest answer.");
  for (auto const& [source, figures] : sources) {
    if (figures.clock_skew) out.series({{"source", source}}, *figures.clock_skew);
  }
  out.family("affsync_request_duration_seconds", "histogram", "How long requests took.");
  for (auto const& [source, figures] : sources) {
    out.histogram({{"source", source}}, figures.request_duration);
  }
  out.family("affsync_run_duration_seconds", "histogram", "How long runs took.");
  for (auto const& [source, figures] : sources) {
    out.histogram({{"source", source}}, figures.run_duration);
  }
}

void write_blocks(Exposition& out, Sources const& sources, TimePoint now) {
  out.family("affsync_source_blocked", "gauge",
             "1 while no requests are sent to the source, for the reason in `code`.");
  for (auto const& [source, figures] : sources) {
    auto const code = now < figures.blocked_until ? figures.blocked_code : std::string();
    bool known = code.empty();
    for (std::string const each : block_codes) {
      known = known || each == code;
      out.series({{"source", source}, {"code", each}}, std::int64_t{each == code});
    }
    if (!known) out.series({{"source", source}, {"code", code}}, std::int64_t{1});
  }
}

void write_streams(Exposition& out, Sources const& sources) {
  out.family("affsync_rows_total", "counter", "Rows read, by outcome.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    for (std::size_t index = 0; index < outcomes.size(); ++index) {
      out.series({{"source", source}, {"stream", stream}, {"outcome", outcomes[index].name}},
                 figures.rows[index]);
    }
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
  out.family("affsync_runs_total", "counter", "Runs that have ended, by status.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    for (auto const& [status, count] : figures.runs) {
      out.series({{"source", source}, {"stream", stream}, {"status", to_string(status)}}, count);
    }
  });
  out.family("affsync_stream_consecutive_failures", "gauge", "Failed runs since the last success.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    out.series({{"source", source}, {"stream", stream}}, figures.consecutive_failures);
  });
}

// Writes the figures that come from the database; nothing for streams before the first query.
void write_standing(Exposition& out, Sources const& sources) {
  using Standing = StreamFigures::Standing;
  using Figure = std::int64_t Standing::*;
  auto const family = [&](char const* name, char const* help, Figure member) {
    out.family(name, "gauge", help);
    for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
      if (!figures.standing) return;
      out.series({{"source", source}, {"stream", stream}}, (*figures.standing).*member);
    });
  };
  family("affsync_unreconciled_totals", "Totals of the broker that differ from the stored rows.",
         &Standing::unreconciled);
  family("affsync_quarantine_open",
         "Rows in quarantine that have neither been stored since nor accepted as known.",
         &Standing::quarantined);
  family("affsync_stream_leased_elsewhere",
         "1 while another process holds the lease of the stream, else 0.",
         &Standing::leased_elsewhere);
  out.family("affsync_coverage_seconds", "gauge",
             "Days of the stream by coverage state, each as 86400 seconds.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    if (!figures.standing) return;
    auto const days = [&](char const* state, std::int64_t count) {
      out.series({{"source", source}, {"stream", stream}, {"state", state}},
                 count * std::chrono::seconds(std::chrono::days(1)).count());
    };
    days("proven", figures.standing->proven_days);
    days("doubtful", figures.standing->doubtful_days);
    days("lost", figures.standing->lost_days);
  });
}

void write_schedule(Exposition& out, Sources const& sources, TimePoint started_at, TimePoint now) {
  out.family("affsync_stream_enabled", "gauge",
             "1 for a stream that is read, 0 for one that is off.");
  for (auto const& [source, figures] : sources) {
    for (auto const& [stream, enabled] : figures.enabled) {
      out.series({{"source", source}, {"stream", stream}}, std::int64_t{enabled});
    }
  }
  out.family("affsync_stream_interval_seconds", "gauge", "Interval between runs of the stream.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    if (!figures.interval) return;
    out.series({{"source", source}, {"stream", stream}}, std::int64_t{figures.interval->count()});
  });
  out.family("affsync_stream_running", "gauge", "1 while a run of the stream goes on.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    out.series({{"source", source}, {"stream", stream}}, std::int64_t{figures.running.has_value()});
  });
  out.family("affsync_stream_next_run_timestamp_seconds", "gauge",
             "When the stream is due again; the time passes while it is running.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    if (!figures.next_run) return;
    auto const seconds = std::chrono::floor<std::chrono::seconds>(*figures.next_run);
    out.series({{"source", source}, {"stream", stream}},
               std::int64_t{seconds.time_since_epoch().count()});
  });
  out.family("affsync_stream_progress_ratio", "gauge",
             "The part of the latest pass that is read, 1 after a success; no series if unknown.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    if (figures.progress) out.series({{"source", source}, {"stream", stream}}, *figures.progress);
  });
  out.family("affsync_stream_late", "gauge",
             "1 when the last success, or the start, is more than three intervals ago.");
  for_each_stream(sources, [&](auto const& source, auto const& stream, auto const& figures) {
    if (!figures.interval) return;
    auto const since = figures.last_success.value_or(started_at);
    bool const late = now - since > intervals_allowed * *figures.interval;
    out.series({{"source", source}, {"stream", stream}}, std::int64_t{late});
  });
}

}  // namespace

std::optional<double> progress_of(RunReport const& report, std::optional<std::int64_t> expected) {
  if (report.window_from && report.window_to && *report.window_from < *report.window_to) {
    auto const all = (*report.window_to - *report.window_from).count() + 1;
    auto const read = report.reached ? (*report.reached - *report.window_from).count() + 1 : 0;
    return std::clamp(static_cast<double>(read) / static_cast<double>(all), 0.0, 1.0);
  }
  if (!expected || *expected <= 0) return std::nullopt;
  return std::clamp(static_cast<double>(report.rows_read) / static_cast<double>(*expected), 0.0,
                    1.0);
}

void write_figures(Exposition& out, Sources const& sources, TimePoint started_at, TimePoint now) {
  write_sources(out, sources, now);
  write_blocks(out, sources, now);
  write_streams(out, sources);
  write_standing(out, sources);
  write_schedule(out, sources, started_at, now);
}

}  // namespace affsync::serve
