// Where a pass begins: the days to read, and the state that earlier passes left.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/day_span.hpp"

namespace affsync::engine {

enum class ReadMode { incremental, full };

struct ReaderStart {
  ReadMode mode = ReadMode::incremental;
  std::optional<Day> since;  // --since, --until: only these days
  std::optional<Day> until;
  std::string cursor;              // JSON text of an earlier run's checkpoint; empty: none
  std::vector<DaySpan> again;      // days in doubt; those that have waited longest come first
  std::vector<std::string> items;  // the values that another stream gives `for_each`
  bool anew = false;  // an interrupted pass is not resumed, though its days count as read
  // The caller stores the rows, and says what the database found at the end of a slice that was
  // read once: see StreamReader::awaits_closed().
  bool has_database = false;
  TimePoint now{};
};

}  // namespace affsync::engine
