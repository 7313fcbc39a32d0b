// What the store tells of quarantined rows, and is told about them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace affsync::schema {

// A quarantined row that is not resolved.
struct QuarantinedLine {
  std::int64_t quarantine_id = 0;
  std::string external_id;  // empty if the key itself is missing
  std::string reason;
  std::string raw;  // JSON text, privacy applied
  TimePoint received_at{};
  bool accepted = false;
  QuarantinedLine() = default;
};

// A position in the list of quarantined rows, which is ordered from the newest to the oldest.
struct QuarantinePosition {
  TimePoint received_at{};
  std::int64_t quarantine_id = 0;
};

// Quarantined rows that a user accepts as known, so that they no longer make a run partial: those
// of `ids`, or all open ones of a stream.
struct Acceptance {
  std::vector<std::int64_t> ids;
  std::string source, stream;
  std::string system_user;  // the user who accepts; recorded with the database user
  std::string because;      // the reason given; may be empty
  TimePoint now{};
  Acceptance() = default;
};

struct KeyAt {
  std::string external_id;
  TimePoint at{};
};

}  // namespace affsync::schema
