// A file that was read into a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/day_span.hpp"

namespace affsync::schema {

struct FileNote {
  std::string name;          // without its folder
  std::string content_hash;  // 32 hex digits
  std::optional<DaySpan> days;
  std::int64_t rows = 0;
  std::string status;
  TimePoint read_at{};
  FileNote() = default;
};

// What a file left alone when it replaced the rows of its days.
struct FileSlice {
  struct Kept {
    std::string name;
    std::int64_t rows = 0;
    std::int64_t equal = 0;  // whose content the file has too, so that they count once
  };
  struct Taken {
    std::string name;
    std::int64_t repeated = 0;  // of its rows that the file has too
    std::int64_t gone = 0;      // that it lacks
  };
  std::vector<Kept> kept;    // rows of its days that other files hold, if that is new
  std::vector<Taken> taken;  // files whose place it takes
  bool is_replaced = false;  // the rows that it lacks are gone; false: they are in doubt, and stay
  std::optional<DaySpan> days_before;  // its period at the reading before, if it had more days
  std::int64_t rows_of_lost_days = 0;  // that it said of these then, and that stay
};

}  // namespace affsync::schema
