// A file that was read into a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

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

}  // namespace affsync::schema
