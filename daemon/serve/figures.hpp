// The figures of each source and stream behind the metrics, as plain numbers, and the function that
// writes them. Performs no I/O.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/run_report.hpp"
#include "daemon/serve/exposition.hpp"

namespace affsync::serve {

struct Outcome {
  using Count = std::int64_t RunReport::*;
  char const* name;
  Count member;
};
inline constexpr std::array<Outcome, 5> outcomes{{{"inserted", &RunReport::inserted},
                                                  {"updated", &RunReport::updated},
                                                  {"unchanged", &RunReport::unchanged},
                                                  {"deleted", &RunReport::deleted},
                                                  {"quarantined", &RunReport::quarantined}}};
inline constexpr std::size_t quarantined_outcome = 4;

struct Stage {
  using Waited = std::chrono::microseconds StageWaits::*;
  char const* name;
  Waited member;
};
inline constexpr std::array<Stage, 5> stages{{{"answer", &StageWaits::answer},
                                              {"mapping", &StageWaits::mapping},
                                              {"room", &StageWaits::room},
                                              {"page", &StageWaits::page},
                                              {"database", &StageWaits::database}}};

// Of all streams together.
using StageTotals = std::array<std::chrono::microseconds, stages.size()>;

// In seconds.
inline constexpr std::array<double, 9> request_bounds{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
inline constexpr std::array<double, 8> run_bounds{1, 5, 15, 60, 300, 900, 3600, 14400};
inline constexpr std::array<double, 9> write_bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30};

struct StreamFigures {
  std::optional<std::chrono::seconds> interval;
  std::optional<TimePoint> next_run;
  std::optional<double> progress;  // the part of the latest pass that is read, 0 to 1
  std::map<RunStatus, std::int64_t> runs;
  std::int64_t consecutive_failures = 0;
  std::optional<RunReport> running;
  // Figures from the database; nullopt before the first query.
  struct Standing {
    std::int64_t quarantined = 0, unreconciled = 0;
    std::int64_t proven_days = 0, doubtful_days = 0, lost_days = 0;
    std::int64_t leased_elsewhere = 0;  // 1 while another process reads the stream
  };
  std::optional<Standing> standing;
  std::array<std::int64_t, outcomes.size()> rows{};
  std::array<std::int64_t, outcomes.size()> of_this_run{};  // the part of `rows` from this run
  StageWaits waits_of_this_run;                             // as far as they are counted
  std::optional<TimePoint> last_success;
  std::map<ErrorCode, std::int64_t> failures;

  void begin_run() {
    of_this_run = {};
    waits_of_this_run = {};
  }
  // Adds the rows and waits of this run since the last call.
  void count(RunReport const& report, StageTotals& waited) {
    for (std::size_t index = 0; index < stages.size(); ++index) {
      auto const member = stages[index].member;
      waited[index] += report.waits.*member - waits_of_this_run.*member;
    }
    waits_of_this_run = report.waits;
    for (std::size_t index = 0; index < outcomes.size(); ++index) {
      auto const now = report.*outcomes[index].member;
      rows[index] += std::max(std::int64_t{0}, now - of_this_run[index]);
      of_this_run[index] = std::max(of_this_run[index], now);
    }
  }
};

struct SourceFigures {
  std::map<int, std::int64_t> requests;  // by HTTP status; 0: no answer
  Histogram request_duration{request_bounds};
  Histogram run_duration{run_bounds};
  TimePoint waiting_until{};  // the end of the pause that the broker asked for last
  std::int64_t throttled = 0;
  std::optional<double> rate;
  std::optional<double> clock_skew;  // seconds, our clock minus the broker's
  std::string blocked_code;          // empty: not blocked
  TimePoint blocked_until{};
  std::map<std::string, bool> enabled;  // the streams of the configuration
  std::map<std::string, StreamFigures> streams;
};

using Sources = std::map<std::string, SourceFigures>;

// The part of a pass that is read: of its days if it has days, else of the rows that the broker has
// announced; nullopt if neither is known.
std::optional<double> progress_of(RunReport const& report, std::optional<std::int64_t> expected);

void write_figures(Exposition& out, Sources const& sources, TimePoint started_at, TimePoint now);

}  // namespace affsync::serve
