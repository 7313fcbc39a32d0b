// How a stream is doing, as the database tells it: which days are there, which totals differ, how
// its latest runs ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/day_span.hpp"

namespace affsync::schema {

enum class DayState { proven, doubtful, lost };

// Days of a stream that takes windows, and what is known of them.
struct CoverageSpan {
  Day from{};
  Day to{};
  DayState state = DayState::proven;
  std::int64_t run_id = 0;  // that said so
  TimePoint noted_at{};
};

// A total of the broker that our rows differ from.
struct StandingDifference {
  std::string metric, broker_value, our_value, difference;
  std::optional<Day> from, to;  // neither: all rows of the stream
  std::optional<TimePoint> since;
};

// Rows whose state the connector does not know; see reporting.unknown_words.
struct UnknownWord {
  std::string word;  // empty: the connector does not keep it
  std::int64_t rows = 0;
};

// One line of `affsync status` and of reporting.source_health.
struct StreamHealth {
  std::string source, connector, stream, table;
  std::optional<TimePoint> last_success_at, next_run_at;
  std::optional<double> lag_seconds;
  std::string last_status, last_error_code, last_error;  // empty: none
  std::int64_t rows = 0, quarantined = 0, unreconciled = 0;
  int consecutive_failures = 0;
  std::int64_t compared = 0;  // totals of the broker, of which `unreconciled` differ
  std::vector<StandingDifference> differences;  // the oldest few of them
  std::vector<UnknownWord> unknown_words;       // the most frequent few
  std::vector<CoverageSpan> gaps;               // days in doubt or lost, by their days

  std::string ended_status;  // of the latest run that has ended, also while the next one goes on
  std::optional<TimePoint> last_finished_at;
  std::int64_t accepted = 0;  // rows put aside that are known and left out
  // Nothing is asked of the source until then: its login or key was refused, or it asked for that.
  std::optional<TimePoint> blocked_until;
  std::string blocked_code, blocked_reason;
  std::int64_t proven_days = 0, doubtful_days = 0, lost_days = 0;
  std::optional<Day> proven_from, proven_to;
  std::optional<std::int64_t> clock_skew_seconds;  // our clock less the broker's, at the latest run

  // One of the two clocks is wrong: days, signatures and the age of rows depend on them.
  bool clock_is_wrong() const {
    constexpr std::int64_t tolerated = 5 * 60;
    auto const skew = clock_skew_seconds.value_or(0);
    return skew > tolerated || skew < -tolerated;
  }
};

}  // namespace affsync::schema
