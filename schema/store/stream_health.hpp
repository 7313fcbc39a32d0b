// The health of a stream according to the database: days read, totals that differ, and how its
// latest runs ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/day_span.hpp"
#include "schema/store/held_lease.hpp"

namespace affsync::schema {

enum class DayState { proven, doubtful, lost };

// Days of a stream that is read by days, and their state.
struct CoverageSpan {
  Day from{};
  Day to{};
  DayState state = DayState::proven;
  std::int64_t run_id = 0;  // the run that recorded this
  TimePoint noted_at{};
};

// A total of the broker that differs from our rows.
struct StandingDifference {
  std::string metric, broker_value, our_value, difference;
  std::optional<Day> from, to;  // both unset: all rows of the stream
  std::optional<TimePoint> since;
};

// Rows with a status word that the connector does not know; see reporting.unknown_words.
struct UnknownWord {
  std::string word;  // empty: the connector does not store the word
  std::int64_t rows = 0;
};

// One line of `affsync status` and of reporting.source_health.
struct StreamHealth {
  std::string source, connector, stream, table;
  bool of_files = false;  // its source reads files, no API
  std::optional<TimePoint> last_success_at, next_run_at;
  std::optional<double> lag_seconds;
  std::string last_status, last_error_code, last_error;  // empty: none
  std::int64_t rows = 0, quarantined = 0, unreconciled = 0;
  int consecutive_failures = 0;
  std::int64_t compared = 0;  // totals of the broker, of which `unreconciled` differ
  std::vector<StandingDifference> differences;  // the oldest few
  std::vector<UnknownWord> unknown_words;       // the most frequent few
  std::vector<CoverageSpan> gaps;               // days in doubt or lost, in order

  std::string ended_status;  // of the latest run that has ended, even while another one runs
  std::optional<TimePoint> last_finished_at;
  std::int64_t accepted = 0;  // quarantined rows that a user has accepted
  // No request is sent to the source until then: it refused the login or key, or asked for a pause.
  std::optional<TimePoint> blocked_until;
  std::string blocked_code, blocked_reason;
  std::int64_t proven_days = 0, doubtful_days = 0, lost_days = 0;
  std::optional<Day> proven_from, proven_to;
  std::optional<std::int64_t>
      clock_skew_seconds;            // our clock minus the broker's, at the latest run
  std::optional<LeaseHolder> lease;  // the process that reads the stream now

  bool is_blocked(TimePoint now) const { return blocked_until && *blocked_until > now; }
  // True if one of the two clocks is wrong. Days, signatures and the age of rows depend on them.
  bool clock_is_wrong() const {
    constexpr std::int64_t tolerated = 5 * 60;
    auto const skew = clock_skew_seconds.value_or(0);
    return skew > tolerated || skew < -tolerated;
  }
};

}  // namespace affsync::schema
